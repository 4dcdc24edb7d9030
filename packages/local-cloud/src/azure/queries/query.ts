import type { InvokeParts } from "../arm/invokes.ts";

/** A question to Azure Resource Manager about a subscription or a group, which no single resource answers. */
export interface Query {
  readonly method: "GET" | "POST";
  /** Of what follows the subscription or group. */
  readonly path: RegExp;
  /** What the caller must be allowed to do in that scope. */
  readonly action: string;
  readonly answer: (asked: Asked, parts: InvokeParts) => object;
}

interface Asked {
  /** Id of the subscription or group. */
  readonly scope: string;
  /** What the groups of `path` have matched. */
  readonly groups: readonly string[];
  readonly parameters: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** Object id of the caller. */
  readonly callerId: string;
}
