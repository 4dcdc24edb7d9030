import type { FunctionMetadata } from "./functions-core.ts";

/** What a host process tells its parent. */
export type HostMessage =
  | { readonly state: "running"; readonly port: number; readonly functions: readonly FunctionMetadata[] }
  | { readonly state: "error"; readonly port: number; readonly message: string };

/** What the parent tells a host process: the functions whose triggers the platform knows of. */
export interface ParentMessage {
  readonly listenFor: readonly string[];
}
