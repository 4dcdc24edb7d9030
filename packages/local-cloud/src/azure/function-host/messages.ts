import type { FunctionMetadata } from "./functions-core.ts";

/** A message from a host process to its parent. */
export type HostMessage =
  | { readonly state: "running"; readonly port: number; readonly functions: readonly FunctionMetadata[] }
  | { readonly state: "error"; readonly port: number; readonly message: string };

/** The answer to `hold: true`, once the host is not processing any message. */
export interface HeldMessage {
  readonly state: "held";
}

/** What the parent tells a host process. */
export type ParentMessage =
  /** The functions whose triggers the platform knows of. */
  | { readonly listenFor: readonly string[] }
  /** Whether to stop taking messages off the queues, which a test needs before it advances the clock by hours. */
  | { readonly hold: boolean };
