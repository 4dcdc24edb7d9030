export * from "../relay/deploy/sdk.ts";
export { CustomerIoSource } from "./customer-io-source.ts";
export type { PlatformCredential } from "./platform/platform-credential.ts";
export { StackSettings } from "./settings/settings-source.ts";
export type { CustomerIoSourceArgs } from "./settings/source-arguments.ts";
