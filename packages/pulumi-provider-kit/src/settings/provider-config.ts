import type { z } from "zod";
import { metadata, propertiesWhere } from "../definition/metadata.ts";
import type { CheckFailure } from "../engine/provider.ts";
import { holdsUnknown, type PropertyMap, reveal } from "../engine/values.ts";
import { plainWords } from "./plain-words.ts";

// The engine adds these to every provider's inputs.
const engineProperties = new Set(["version", "pluginDownloadURL", "pluginChecksums", "parameterization", "__internal"]);

/** All mistakes in a provider's settings, each with the command that fixes it. */
export class ConfigError extends Error {
  readonly failures: CheckFailure[];
  constructor(failures: CheckFailure[]) {
    super(failures.map(({ reason }) => reason).join("\n"));
    this.name = "ConfigError";
    this.failures = failures;
  }
}

/**
 * Reads a provider's settings: first from the stack's configuration, then from the environment variable that a setting names.
 * Settings whose value is unknown (explicit providers) are left to the next call.
 */
export function readConfig<Config extends z.ZodObject>(
  packageName: string,
  schema: Config,
  given: PropertyMap,
  environment: Record<string, string | undefined> = process.env,
): z.output<Config> | undefined {
  const settings: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (engineProperties.has(name)) continue;
    if (holdsUnknown(value)) return undefined;
    settings[name] = reveal(value);
  }
  for (const [name, property] of Object.entries(schema.shape)) {
    const variable = metadata(property as z.ZodType).environment;
    if (settings[name] === undefined && variable && environment[variable]) settings[name] = environment[variable];
  }
  const unknown = Object.keys(settings).filter((name) => !Object.hasOwn(schema.shape, name));
  const parsed = schema.safeParse(settings, { error: plainWords });
  if (parsed.success && unknown.length === 0) return parsed.data as z.output<Config>;
  const invalid = parsed.error?.issues.map(({ path, message }) => ({ name: String(path[0] ?? ""), message })) ?? [];
  throw new ConfigError(
    [...invalid, ...unknown.map((name) => ({ name, message: "" }))].map(({ name, message }) => ({
      property: name,
      reason: explain(packageName, schema, name, settings, message),
    })),
  );
}

/**
 * Selects the provider's settings from a stack's settings under the package's name. A program's project may have the package's name, and
 * then the engine passes the project's settings, including secrets, to the provider too.
 */
export function ownSettings(schema: z.ZodObject, given: PropertyMap): PropertyMap {
  const isOwn = (name: string) => name in schema.shape || engineProperties.has(name);
  return Object.fromEntries(Object.entries(given).filter(([name]) => isOwn(name)));
}

/**
 * The given settings, and those of environment variables that say which objects are meant. The state has to know the latter: otherwise a
 * run with another value would look for the stack's objects elsewhere, and a refresh would forget them all.
 *
 * Those that say which objects are meant are returned as `readConfig` reads them: a space at the end names no other objects, so it must
 * not replace them.
 */
export function withPlace(
  schema: z.ZodObject,
  given: PropertyMap,
  environment: Record<string, string | undefined> = process.env,
): PropertyMap {
  const place = propertiesWhere(schema, (meta) => meta.replaces === true).flatMap((name) => {
    const property = schema.shape[name] as z.ZodType;
    const value = given[name] ?? environment[metadata(property).environment ?? ""];
    // The engine may not know it yet.
    if (typeof value !== "string" || value === "") return [];
    const parsed = property.safeParse(value);
    return [[name, parsed.success ? (parsed.data as string) : value] as const];
  });
  return { ...given, ...Object.fromEntries(place) };
}

/**
 * The current values of the settings that say how to reach the vendor, not which objects are
 * meant. In a refresh or destroy, which do not run the program, the engine configures a provider as the last update did, so
 * a secret that was rotated since would be refused forever. The engine passes the current configuration to every plugin in
 * `PULUMI_CONFIG` (pulumi/pulumi, `defaultHost.Provider`), as a JSON object of strings without the package's name.
 */
export function currentSettings(
  schema: z.ZodObject,
  environment: Record<string, string | undefined> = process.env,
): PropertyMap {
  const stack = JSON.parse(environment.PULUMI_CONFIG || "{}") as Record<string, string>;
  const free = propertiesWhere(schema, (meta) => meta.replaces !== true);
  return Object.fromEntries(Object.entries(stack).filter(([name]) => free.includes(name)));
}

function explain(
  packageName: string,
  schema: z.ZodObject,
  name: string,
  settings: Record<string, unknown>,
  message: string,
): string {
  const key = `${packageName}:${name}`;
  const property = schema.shape[name] as z.ZodType | undefined;
  if (!property) {
    return `Unknown setting ${key}. Known settings: ${Object.keys(schema.shape).join(", ")}. Remove it: npx pulumi config rm ${key}`;
  }
  const { description, secret, environment } = metadata(property);
  // Without a value the command prompts for it, which keeps a secret out of the shell's history.
  const command = secret ? `npx pulumi config set --secret ${key}` : `npx pulumi config set ${key} <value>`;
  const variable = environment ? ` (or the environment variable ${environment})` : "";
  const what = settings[name] === undefined ? "is missing" : `is invalid: ${message}`;
  return `The setting ${key} ${what}. ${description ?? ""} Set it: ${command}${variable}`.replace(/ {2,}/g, " ");
}
