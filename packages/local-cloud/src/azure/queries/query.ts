import type { InvokeParts } from "../arm/invokes.ts";

/** A question to Azure Resource Manager about a subscription or a group, rather than a single resource. */
export interface Query {
  readonly method: "GET" | "POST";
  /** The part after the subscription or group. */
  readonly path: RegExp;
  /** The right that the caller needs in that scope. */
  readonly action: string;
  readonly answer: (asked: Asked, parts: InvokeParts) => object;
}

interface Asked {
  /** Id of the subscription or group. */
  readonly scope: string;
  /** The values of the groups in `path`. */
  readonly groups: readonly string[];
  readonly parameters: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** Object id of the caller. */
  readonly callerId: string;
}
