import { setTimeout as sleep } from "node:timers/promises";
import { parseSigningKeys } from "../../relay/core/intake/verify.ts";
import { type OtherCredential, signingKeyProblems } from "../../settings/checks/signing-keys.ts";
import { RelayTables } from "../relay/relay-tables.ts";
import { callPulumi, showPulumi } from "../stack/pulumi.ts";
import { rereadSource } from "../stack/reread-source.ts";
import { stackFlags } from "../stack/show-stack.ts";
import type { StackSource } from "../stack/source.ts";
import { signingKeysOf } from "../stack/source-settings.ts";

/** When the relay last accepted and last refused a call. */
export interface Arrivals {
  readonly takenAt: Date | undefined;
  readonly refusedAt: Date | undefined;
}

/** What the command needs from outside to set a key. */
export interface SigningKeyPorts {
  readonly arrivals: (source: StackSource) => Promise<Arrivals>;
  /** Reads the source again, after its stack has changed. */
  readonly reread: (source: StackSource) => Promise<StackSource>;
  readonly pause: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
}

export const realPorts: SigningKeyPorts = {
  arrivals: async (source) => (await RelayTables.open(source)).readCounts(),
  reread: rereadSource,
  pause: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }).catch(() => undefined),
};

/** Milliseconds between two reads of the relay's counts, which are some seconds late. */
const lookPace = 3_000;

/** Milliseconds by which this machine's clock may be ahead of the relay's, which counts in whole seconds. */
const clockTolerance = 5_000;

/** What is wrong with a signing key; undefined if it has the form of one. */
export function complaintOfKey(key: string, source: StackSource): string | undefined {
  if (key.trim() === "") return "it is empty";
  const [refusal] = signingKeyProblems(key, otherCredentials(source)).refusals;
  return refusal === undefined ? undefined : `the key ${refusal}`;
}

/** The stack's other credentials, which people paste by mistake. */
function otherCredentials(source: StackSource): OtherCredential[] {
  const find = (namespace: string, name: string, type: string) =>
    source.all(type).flatMap((resource) => {
      const value = source.providerSettings(namespace, resource)[name];
      return typeof value === "string" ? [{ setting: `${namespace}:${name}`, value }] : [];
    });
  return [
    ...find("customerio", "appApiKey", "customerio:index:ReportingWebhook"),
    ...find("aep", "clientSecret", "aep:index:Dataflow"),
    ...find("aep", "clientId", "aep:index:Dataflow"),
  ];
}

/** The keys that a setting is to have. */
interface WantedKeys {
  readonly keys: readonly string[];
  /** Whether the stack's settings lack them. */
  readonly isNew: boolean;
}

/**
 * Those that the setting is to have. The relay's own may be older: an `up` would deploy what the setting has.
 *
 * @param isAdded whether the stack's keys are kept
 */
export function wantedKeys(
  source: StackSource,
  { setting, key, isAdded }: { setting: string; key: string; isAdded: boolean },
): WantedKeys {
  const configured = parseSigningKeys(source.readSetting(setting));
  // A program may read another setting.
  const present = configured.length > 0 ? configured : signingKeysOf(source);
  const keys = isAdded ? [...new Set([...present, key])] : [key];
  return { keys, isNew: keys.join("\n") !== present.join("\n") };
}

/** Stores the keys as a secret of the stack. They go to Pulumi's standard input, since other users can see arguments. */
export async function storeKeys(source: StackSource, setting: string, keys: readonly string[]): Promise<void> {
  const command = ["config", "set", "--secret", setting, ...stackFlags(source.target)];
  await callPulumi({
    folder: folderOf(source),
    command,
    input: keys.join("\n"),
    purpose: `store the setting ${setting}`,
  });
}

/**
 * Runs `pulumi up`, and reads the source again.
 *
 * @throws if it fails, or if the relay does not have the key afterwards
 */
export async function runUp(
  source: StackSource,
  { setting, key, isQuiet }: { setting: string; key: string; isQuiet: boolean },
  ports: SigningKeyPorts,
): Promise<StackSource> {
  const command = ["up", "--yes", "--skip-preview", ...stackFlags(source.target)];
  const code = await showPulumi({ folder: folderOf(source), command, isQuiet });
  if (code !== 0) {
    throw new Error("The key is stored, but npx pulumi up failed (see the output above). Run the same command again.");
  }
  const made = await ports.reread(source);
  if (signingKeysOf(made).includes(key)) return made;
  throw new Error(
    `The key is stored in the setting ${setting}, and npx pulumi up ran, but the relay did not get the key: the program reads its signing ` +
      "keys from another setting. Run the same command again, and name that setting with --setting.",
  );
}

function folderOf(source: StackSource): string {
  return source.target.folder ?? ".";
}

/** What happened to Customer.io's calls since the relay had the key. */
export type KeyProof = "accepted" | "refused" | "waiting";

/**
 * Waits until the relay accepts or refuses a call, until the time is over, or until `signal` aborts.
 *
 * @param wait.since when the relay had the key: earlier calls say nothing about it, and may be counted later
 */
export async function awaitCall(
  source: StackSource,
  { since, minutes, signal }: { since: Date; minutes: number; signal: AbortSignal },
  { arrivals, pause }: Pick<SigningKeyPorts, "arrivals" | "pause">,
): Promise<KeyProof> {
  const isNew = (at: Date | undefined) => at !== undefined && at.getTime() > since.getTime() - clockTolerance;
  for (let waited = 0; ; waited += lookPace) {
    const { takenAt, refusedAt } = await arrivals(source);
    if (isNew(takenAt)) return "accepted";
    if (isNew(refusedAt)) return "refused";
    if (waited >= minutes * 60_000 || signal.aborted) return "waiting";
    await pause(lookPace, signal);
  }
}
