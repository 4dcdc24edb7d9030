export * from "../relay/deploy/sdk.ts";
export { CustomerIoSource } from "./customer-io-source.ts";
export type { PlatformCredential } from "./platform-credential.ts";
export { StackSettings } from "./settings-source.ts";
export type { CustomerIoSourceArgs } from "./source-arguments.ts";
