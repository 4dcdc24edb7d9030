export { ArmResource, FunctionApp, FunctionCode, QueueDrain, VaultSecret } from "../provider/sdk.ts";
export { CustomerIoSource } from "./customer-io-source.ts";
