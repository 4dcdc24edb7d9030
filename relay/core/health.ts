import * as z from "zod";

/** The JSON answer of `GET /health`; a property that could not be checked is absent. */
export interface Health {
  readonly status: "ok" | "unavailable";
  /** Version of the relay's package, which `customerio-aep status` compares with its own. */
  readonly version: string;
  /** Digest of the code and its host.json, by which a deployment recognizes its own code. */
  readonly build?: string;
  /** App settings whose Key Vault reference App Service has not resolved; absent if all have their secrets. */
  readonly unresolved?: readonly string[];
  /** Whether there is a key to check Customer.io's signatures: without one the relay is healthy, but refuses every event. */
  readonly signingKeys: boolean;
  /** Digest of the settings in force in the instance that answers. */
  readonly configuration?: string | undefined;
  /** Only while the relay is being deleted: it accepts no events then. */
  readonly intake?: "closed";
  /** The number of instances that have sent to Platform recently, by the digest of their settings; "" for versions that report none. */
  readonly forwarders?: Readonly<Record<string, number>>;
  /** Names of queues whose messages no function takes; absent if there are none. */
  readonly untaken?: readonly string[];
  /** Whether an event for Platform was ever accepted. Platform shows rows up to an hour later. */
  readonly hasTakenEvents?: boolean;
  /** The number of dead letters, which decides whether the relay may be deleted. `more`: there may be others. */
  readonly deadLetters?: { readonly count: number; readonly more: boolean };
  /** Seconds, rounded up, since the check of the storage started; 0 in the answer to the call that started it. */
  readonly ageSeconds: number;
}

/**
 * Reads the answer of a relay of any version: earlier ones answer with fewer properties. The guard of a dataset, which is
 * published on its own, has a schema of its own in packages/pulumi-aep.
 */
export const relayHealth = z.object({
  version: z.string().optional(),
  build: z.string().optional(),
  unresolved: z.array(z.string()).default([]),
  signingKeys: z.boolean().optional(),
  configuration: z.string().optional(),
  intake: z.string().optional(),
  forwarders: z.record(z.string(), z.number()).default({}),
  untaken: z.array(z.string()).optional(),
  deadLetters: z.object({ count: z.number().int(), more: z.boolean() }).optional(),
  ageSeconds: z.number().optional(),
} satisfies Partial<Record<keyof Health, z.ZodType>>);

/** What a relay of any version says about itself. */
export type RelayHealth = z.output<typeof relayHealth>;
