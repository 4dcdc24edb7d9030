export { ArmResource, FunctionApp, FunctionCode, QueueDrain, VaultSecret } from "../relay/deploy/sdk.ts";
export { CustomerIoSource } from "./customer-io-source.ts";
