/**
 * What `pulumi` tells every instance of the relay, through the metadata of the queue `events`. It is written with Azure
 * Resource Manager, so that no role on the data is needed and nothing restarts. Each instance reads it with the queue's
 * properties.
 *
 * | name | value |
 * |---|---|
 * | `intake` | `open`, or `closed until <ISO 8601 time>`: never permanently, so that a killed run doesn't leave a working relay closed |
 * | `configuration` | `<digest> since <ISO 8601 time>`: the settings that instances must have; see `settingsFence` and `intakeGate` |
 * | `sending` | `free`, or `held until <ISO 8601 time>`: a new relay accepts events but sends none before it knows what the former relay has delivered |
 * | `former` | `none`, or `<address of the Table service> by <digest of a key>`: the account from which this relay copies the notes of delivered events |
 */
export interface QueueMarks {
  readonly intake: IntakeMark;
  readonly wanted: WantedConfiguration | undefined;
  readonly sending: SendingMark;
  readonly former: FormerAccount | "none";
}

/** Also `closed` if the mark can't be read. */
export type IntakeMark = "open" | "closed" | { readonly closedUntil: Date };

/** A mark that can't be read is `free`: sending an event twice is better than not sending it. */
export type SendingMark = "free" | { readonly heldUntil: Date };

/** The storage account of a relay that is being replaced. */
export interface FormerAccount {
  /** Address of its Table service. */
  readonly address: string;
  /** SHA-256, in hexadecimal, of the key that a caller of `takeover` has to send. */
  readonly keyDigest: string;
}

export interface WantedConfiguration {
  /** Digest of the settings. */
  readonly configuration: string;
  /** When it was marked, by Azure's clock. */
  readonly since: Date;
}

/**
 * Milliseconds for which a read of the marks is valid, from its start. A command that changes a mark has to wait
 * that long, and then for work that was started before.
 */
export const lookLasts = 5_000;

/**
 * Reads the metadata of the queue. An `intake` that can't be read counts as closed, since a refused call is repeated.
 */
export function parseMarks(metadata: Readonly<Record<string, string>>): QueueMarks {
  const { intake = "open", configuration = "", sending = "", former = "" } = lowerCaseKeys(metadata);
  const until = timeIn(intake, /^closed until (.+)$/);
  const closed = until === undefined ? "closed" : { closedUntil: until };
  const since = timeIn(configuration, /^\S+ since (.+)$/);
  const heldUntil = timeIn(sending, /^held until (.+)$/);
  const [, address, keyDigest] = former.match(/^(https?:\S+) by ([0-9a-f]{64})$/) ?? [];
  return {
    intake: intake === "open" ? "open" : closed,
    wanted: since && { configuration: configuration.split(" ", 1)[0] ?? "", since },
    sending: heldUntil === undefined ? "free" : { heldUntil },
    former: address === undefined || keyDigest === undefined ? "none" : { address, keyDigest },
  };
}

/** The metadata with the given marks changed. It keeps the values of others, since all metadata is written at once. */
export function withMarks(
  metadata: Readonly<Record<string, string>>,
  { intake, wanted, sending, former }: Partial<QueueMarks>,
): Record<string, string> {
  return {
    ...lowerCaseKeys(metadata),
    ...(intake !== undefined && {
      intake: typeof intake === "string" ? intake : `closed until ${intake.closedUntil.toISOString()}`,
    }),
    ...(wanted !== undefined && { configuration: `${wanted.configuration} since ${wanted.since.toISOString()}` }),
    ...(sending !== undefined && {
      sending: sending === "free" ? sending : `held until ${sending.heldUntil.toISOString()}`,
    }),
    ...(former !== undefined && { former: former === "none" ? former : `${former.address} by ${former.keyDigest}` }),
  };
}

/** @param now by Azure's clock, which also sets the time of expiry */
export function isClosed(intake: IntakeMark, now: Date): boolean {
  return typeof intake === "string" ? intake === "closed" : intake.closedUntil.getTime() > now.getTime();
}

/** @param now by Azure's clock */
export function isHeld(sending: SendingMark, now: Date): boolean {
  return sending !== "free" && sending.heldUntil.getTime() > now.getTime();
}

function timeIn(text: string, form: RegExp): Date | undefined {
  const time = new Date(text.match(form)?.[1] ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** Metadata travels in headers, which do not preserve the case of names. */
function lowerCaseKeys(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), value]));
}
