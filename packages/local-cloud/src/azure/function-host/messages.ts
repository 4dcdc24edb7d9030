import type { FunctionMetadata } from "./functions-core.ts";

/** A message from a host process to its parent. */
export type HostMessage =
  | { readonly state: "running"; readonly port: number; readonly functions: readonly FunctionMetadata[] }
  | { readonly state: "error"; readonly port: number; readonly message: string };

/** The answer to `hold: true`, once the host has no message in hand. */
export interface HeldMessage {
  readonly state: "held";
}

/** What the parent tells a host process. */
export type ParentMessage =
  /** The functions whose triggers the platform knows of. */
  | { readonly listenFor: readonly string[] }
  /** Whether to take no messages off the queues, as a test needs it before it lets hours pass. */
  | { readonly hold: boolean };
