import { z } from "zod";
import { type HostLogLevel, isLogLevel, type LogFilter } from "./host-log.ts";

/** The settings from host.json, after overrides; times in milliseconds. */
export interface HostSettings {
  /** Undefined: unbounded. */
  readonly functionTimeout: number | undefined;
  readonly routePrefix: string;
  readonly queues: QueueSettings;
  readonly logFilter: LogFilter;
  /** Whether an extension bundle is configured. A Node app needs one for queue triggers and outputs. */
  readonly hasExtensionBundle: boolean;
}

export interface QueueSettings {
  readonly batchSize: number;
  readonly newBatchThreshold: number;
  /** Delay between two attempts at a message; not the lease of an attempt. */
  readonly visibilityTimeout: number;
  readonly maxDequeueCount: number;
  readonly maxPollingInterval: number;
  readonly messageEncoding: "base64" | "none";
}

const timeSpan = z.string().transform(milliseconds);
/** App settings are text, so a number may come as either type. */
const integer = (minimum: number, maximum = Number.MAX_SAFE_INTEGER) =>
  z.coerce.number().int().min(minimum).max(maximum);

/** Ranges and defaults: Microsoft Learn, "host.json reference" and "Azure Queue storage trigger … host.json settings". */
const hostJson = z.looseObject({
  version: z.literal("2.0"),
  extensionBundle: z.looseObject({ id: z.string(), version: z.string() }).optional(),
  functionTimeout: z
    .string()
    .default("00:30:00")
    .transform((text, context) => (text === "-1" ? undefined : milliseconds(text, context))),
  extensions: z
    .looseObject({
      http: z.looseObject({ routePrefix: z.string().default("api") }).prefault({}),
      queues: z
        .looseObject({
          batchSize: integer(1, 32).default(16),
          newBatchThreshold: integer(0).optional(),
          visibilityTimeout: timeSpan.prefault("00:00:00"),
          maxDequeueCount: integer(1).default(5),
          maxPollingInterval: timeSpan.prefault("00:01:00"),
          messageEncoding: z.enum(["base64", "none"]).default("base64"),
        })
        .prefault({}),
    })
    .prefault({}),
  logging: z.looseObject({ logLevel: z.record(z.string(), z.string()).default({}) }).prefault({}),
});

/**
 * Reads host.json. A setting `AzureFunctionsJobHost__extensions__queues__batchSize` overrides the value at that
 * path. Throws an Error that names the mistake: the real host doesn't start either.
 */
export function readHostSettings(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): HostSettings {
  const parsed = hostJson.safeParse(override(JSON.parse(text), environment));
  if (!parsed.success) throw new Error(`host.json is not valid.\n${z.prettifyError(parsed.error)}`);
  const { extensionBundle, extensions, functionTimeout, logging } = parsed.data;
  const { queues } = extensions;
  return {
    functionTimeout,
    hasExtensionBundle: extensionBundle?.id.startsWith("Microsoft.Azure.Functions.ExtensionBundle") ?? false,
    routePrefix: extensions.http.routePrefix.replace(/^\/|\/$/g, ""),
    queues: {
      batchSize: queues.batchSize,
      newBatchThreshold: queues.newBatchThreshold ?? Math.floor(queues.batchSize / 2),
      visibilityTimeout: queues.visibilityTimeout,
      maxDequeueCount: queues.maxDequeueCount,
      maxPollingInterval: Math.max(queues.maxPollingInterval, 100),
      messageEncoding: queues.messageEncoding,
    },
    logFilter: Object.fromEntries(
      Object.entries(logging.logLevel)
        .map(([category, level]) => [category, level.toLowerCase()] as const)
        .filter((entry): entry is [string, HostLogLevel] => isLogLevel(entry[1])),
    ),
  };
}

function milliseconds(text: string, context: z.RefinementCtx): number {
  const parsed = parseTimeSpan(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({
    code: "custom",
    message: `"${text}" is not a time span (hh:mm:ss, with minutes and seconds below 60)`,
  });
  return z.NEVER;
}

/** Milliseconds of a .NET time span such as `00:05:00` or `7.00:00:00`. */
export function parseTimeSpan(text: string): number | undefined {
  const [, days, hours, minutes, seconds, fraction] =
    text.match(/^(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,7}))?$/) ?? [];
  if (hours === undefined || minutes === undefined || seconds === undefined) return undefined;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const whole = ((Number(days ?? 0) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  return whole * 1000 + Math.floor(Number(`0.${fraction ?? 0}`) * 1000);
}

const prefix = "azurefunctionsjobhost__";

function override(host: unknown, environment: Readonly<Record<string, string | undefined>>): unknown {
  const result = structuredClone(host);
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || !name.toLowerCase().startsWith(prefix)) continue;
    place(result, name.slice(prefix.length).split("__"), value);
  }
  return result;
}

function place(target: unknown, [key, ...rest]: string[], value: string): void {
  if (key === undefined || target === null || typeof target !== "object") return;
  const object = target as Record<string, unknown>;
  // Configuration keys of .NET are case-insensitive.
  const actual = Object.keys(object).find((candidate) => candidate.toLowerCase() === key.toLowerCase()) ?? key;
  if (rest.length === 0) {
    object[actual] = value;
    return;
  }
  object[actual] ??= {};
  place(object[actual], rest, value);
}
