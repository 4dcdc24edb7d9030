import * as pulumi from "@pulumi/pulumi";
import { plainWords } from "pulumi-provider-kit/settings";
import { contradictions } from "../../settings/checks/delivery.ts";
import { platformConflicts } from "../../settings/platform-settings.ts";
import { plainSettings, type SettingValues, settingsSchema } from "../../settings/schema.ts";
import type { PlainSetting } from "../../settings/setting.ts";
import { argumentWords } from "../../settings/setting-words.ts";
import type { PlatformCredential } from "../platform/platform-credential.ts";
import { halfCredentials } from "../platform/relay-credential.ts";
import { holdsOutput } from "./inputs.ts";
import type { SettingArguments } from "./setting-arguments.ts";
import { configPathOf, describeMistake, mistakesOf, refuseArguments } from "./setting-mistakes.ts";
import type { Settings } from "./setting-types.ts";
import { warnOf } from "./settings.ts";
import type { SettingsSource } from "./settings-source.ts";
import { checkSigningKeys } from "./signing-keys.ts";

/** The arguments of a source. Everything has a default; arguments that decide which resources exist must be plain values. */
export interface CustomerIoSourceArgs extends SettingArguments {
  /**
   * With `source: "http"`, the complete credential with which the relay gets its access tokens, instead of
   * `relayCredential`, which shares organization and addresses with the stack's settings `aep:*`.
   */
  credential?: PlatformCredential;
}

/** The part of an argument that must be a plain value: all of it, some properties, or nothing. */
function decidingPart(name: string): true | readonly string[] | undefined {
  return (plainSettings as Readonly<Record<string, PlainSetting>>)[name]?.decides;
}

/** A component's arguments as the settings of a source: known parts are checked at once, outputs later. */
export class SourceArguments implements SettingsSource {
  readonly words = argumentWords;
  readonly #given: Readonly<Record<string, unknown>>;
  readonly #signingKeys: pulumi.Input<string> | undefined;
  readonly #relayClientSecret: pulumi.Input<string> | undefined;

  constructor({ signingKeys, relayClientSecret, credential, ...given }: CustomerIoSourceArgs) {
    this.#given = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    this.#signingKeys = signingKeys;
    this.#relayClientSecret = relayClientSecret === "" ? undefined : relayClientSecret;
  }

  read(): Settings {
    const known: Record<string, unknown> = {};
    const later: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(this.#given)) {
      if (
        Array.isArray(decidingPart(name)) &&
        typeof value === "object" &&
        value !== null &&
        !pulumi.Output.isInstance(value)
      ) {
        const entries = Object.entries(value);
        known[name] = Object.fromEntries(entries.filter(([, item]) => !holdsOutput(item)));
        later[name] = Object.fromEntries(entries.filter(([, item]) => holdsOutput(item)));
      } else if (holdsOutput(value)) later[name] = value;
      else known[name] = value;
    }
    const parsed = settingsSchema.safeParse(known, { error: plainWords });
    refuseArguments([
      ...findLateArguments(later),
      ...mistakesOf(parsed.error?.issues ?? []).map(({ path, reason }) => describeMistake(configPathOf(path), reason)),
      ...(parsed.success ? contradictions({ ...parsed.data, ...later }) : []).map(
        ({ setting, reason }) => `${setting} can't be used with delivery: direct, since ${reason}.`,
      ),
      ...(parsed.success ? describeConflicts(parsed.data) : []),
      ...halfCredentials({
        clientId: parsed.data?.relayCredential.clientId,
        hasSecret: this.#relayClientSecret !== undefined,
        words: this.words,
      }),
    ]);
    if (!parsed.success) throw parsed.error;
    warnOf(parsed.data, this.words, later);
    const settings: Record<string, unknown> = { ...parsed.data, signingKeys: keysOf(this.#signingKeys) };
    settings.relayClientSecret = this.#relayClientSecret && pulumi.secret(this.#relayClientSecret);
    for (const [name, value] of Object.entries(later)) {
      settings[name] = Array.isArray(decidingPart(name))
        ? { ...(settings[name] as object), ...checkLateProperties(parsed.data, name, value as object) }
        : toOutput(value).apply((resolved) => checkLateArgument(parsed.data, name, resolved));
    }
    return settings as unknown as Settings;
  }
}

/** Outputs in arguments that must be plain values: which resources exist must be known when the program runs. */
function findLateArguments(later: Readonly<Record<string, unknown>>): string[] {
  const reason = "it decides which resources exist, so it must be a plain value, not an output";
  return Object.entries(later).flatMap(([name, value]) => {
    const plain = decidingPart(name);
    if (plain === undefined) return [];
    if (plain === true) return [describeMistake(name, reason)];
    if (pulumi.Output.isInstance(value) || value instanceof Promise) {
      return [describeMistake(name, "its properties may be outputs, but not the whole object")];
    }
    return Object.keys(value as object)
      .filter((property) => plain.includes(property))
      .map((property) => describeMistake(`${name}.${property}`, reason));
  });
}

function checkLateProperties(known: SettingValues, name: string, properties: object): object {
  const group = known[name as keyof SettingValues] as object;
  return Object.fromEntries(
    Object.entries(properties).map(([property, value]) => [
      property,
      toOutput(value).apply((resolved) => {
        const checked = checkLateArgument(known, name, { ...group, [property]: resolved }) as Record<string, unknown>;
        return checked[property];
      }),
    ]),
  );
}

/**
 * An argument that has become known, if it fits those that were known before.
 *
 * @throws pulumi.RunError that lists what is wrong
 */
export function checkLateArgument(known: SettingValues, name: string, resolved: unknown): unknown {
  const parsed = settingsSchema.safeParse({ [name]: resolved }, { error: plainWords });
  refuseArguments([
    ...mistakesOf(parsed.error?.issues ?? []).map(({ path, reason }) => describeMistake(configPathOf(path), reason)),
    ...(parsed.success ? describeConflicts({ ...known, [name]: parsed.data[name as keyof SettingValues] }) : []),
  ]);
  return parsed.data?.[name as keyof SettingValues];
}

function describeConflicts(settings: SettingValues): string[] {
  return platformConflicts(settings).map(({ path, reason }) => `${configPathOf(path)} ${reason}.`);
}

/** All parts of a value, once they are known. */
function toOutput(value: unknown): pulumi.Output<unknown> {
  return pulumi.output(value) as pulumi.Output<unknown>;
}

/** An empty text is not a key: a secret of the configuration is empty until it is set. */
function keysOf(signingKeys: pulumi.Input<string> | undefined): pulumi.Input<string> | undefined {
  if (signingKeys === undefined || signingKeys === "") return undefined;
  return pulumi.secret(pulumi.output(signingKeys).apply(checkSigningKeys));
}
