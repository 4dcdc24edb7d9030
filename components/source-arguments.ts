import * as pulumi from "@pulumi/pulumi";
import type { PossibleSubscriptionName } from "pulumi-customerio/events";
import type { DeepInput } from "pulumi-provider-kit";
import { plainWords } from "pulumi-provider-kit/settings";
import type { z } from "zod";
import { contradictions } from "../settings/delivery.ts";
import { platformConflicts } from "../settings/platform-settings.ts";
import { settingsSchema } from "../settings/schema.ts";
import { holdsOutput } from "./inputs.ts";
import type { PlatformCredential } from "./platform-credential.ts";
import { mistakesOf, notRight, pathOf, refuseArguments } from "./setting-mistakes.ts";
import { argumentWords } from "./setting-words.ts";
import { decidingProperties, decidingSettings, type Settings, warnOf } from "./settings.ts";
import type { SettingsSource } from "./settings-source.ts";
import { checkedSigningKeys } from "./signing-keys.ts";

type Given = z.input<typeof settingsSchema>;
type Group<Name extends keyof Given> = NonNullable<Given[Name]>;

/** What a source is made of. Everything has a default; what decides which resources exist must be a plain value. */
export interface CustomerIoSourceArgs {
  /**
   * Signing keys of the Customer.io workspace, one a line; a secret. Until there is one the webhook is made, but stays disabled, and
   * the output `nextSteps` says where to copy the key. Leave it out, or give an empty text, for none.
   *
   * @example new pulumi.Config().getSecret("signingKeys")
   */
  signingKeys?: pulumi.Input<string> | undefined;
  /**
   * Reporting webhook events to subscribe to. Default: every event that this package knows. One that it does not know yet is sent to
   * Customer.io as it is, with a warning. @example ["email_delivered", "email_opened"]
   */
  events?: pulumi.Input<readonly pulumi.Input<PossibleSubscriptionName>[]>;
  /** Customer.io's "Send frequency": `true` sends every open and click, `false` the first of each delivery. Default: `false`. */
  fullResolution?: pulumi.Input<boolean>;
  /** Customer.io's "Body content": `true` adds the message body to the sent events. Default: `false`. */
  withContent?: pulumi.Input<boolean>;
  /** Leaves `cio_id` unmapped, as Adobe asks while Customer.io's test events are sent, which carry none. Default: `false`. */
  testMode?: pulumi.Input<boolean>;
  /**
   * What is changed of the automatic mapping; checked against schema and event catalogue before anything is made.
   *
   * @example { set: [{ destination: "eventType", expression: 'concat(object_type, ".", metric)' }], remove: ["customerio.subject"] }
   */
  mapping?: DeepInput<Group<"mapping">>;
  /**
   * The schema of the dataset: `existing` ($id, meta:altId or title of one to use as it is; a plain value), or `title` and
   * `description` of the one that is made.
   */
  schema?: Partial<Omit<DeepGroup<"schema">, "existing">> & { existing?: string };
  /** `title` and `description` of the field group that is made for the schema. */
  fieldGroup?: DeepGroup<"fieldGroup">;
  /**
   * The dataset: `existing` (id or name of one to use as it is), or `name`, `description`, `rowExpirationDays` (30 to 3650; default:
   * records never expire), `tags`, `forceDestroy` (may be deleted although it holds data) and `keep` (stays in Platform when it leaves
   * the stack) of the one that is made. Of either: `errorDiagnostics` and `partialIngestionPercent`. `existing`, `forceDestroy` and
   * `keep` are plain values.
   *
   * @example { name: "Customer.io events", rowExpirationDays: 395 }
   */
  dataset?: Partial<Omit<DeepGroup<"dataset">, "existing" | "forceDestroy" | "keep">> & {
    existing?: string;
    forceDestroy?: boolean;
    keep?: boolean;
  };
  /** `name` and `description` of the dataflow's source connection. */
  sourceConnection?: DeepGroup<"sourceConnection">;
  /** `name` and `description` of the dataflow's target connection. */
  targetConnection?: DeepGroup<"targetConnection">;
  /** `name` and `description` of the dataflow. */
  dataflow?: DeepGroup<"dataflow">;
  /**
   * Real-Time Customer Profile: `enabled` (there is no way back from `true`; default: `false`), `identities` (identity namespaces by field:
   * email, id, cio_id, phone) and `primaryIdentity` (`identityMap`, or a field, which every record must have then). A plain value.
   *
   * @example { enabled: true, identities: { email: "Email" } }
   */
  profile?: Group<"profile">;
  /** `name` of the reporting webhook in Customer.io. */
  webhook?: DeepGroup<"webhook">;
  /**
   * The source of Platform's catalogue: `customerio`, Adobe's own for Customer.io, which is a beta; or `http`, the HTTP API source. A
   * plain value. Default: `customerio`.
   */
  source?: Group<"source">;
  /**
   * `relay`, which checks, holds and replays events; or `direct`: the webhook posts straight to Platform, and nothing is made in Azure,
   * which is for trials. A plain value. Default: `relay`.
   */
  delivery?: Group<"delivery">;
  /** With `source: "http"`, the credential with which the relay gets its access tokens. Default: that of the stack's settings `aep:*`. */
  credential?: PlatformCredential;
  /**
   * Which events go to Platform: those that match every list of `only` and none of `except`. Default: every event.
   *
   * @example { except: { recipientDomains: ["example.com"] } }
   */
  filters?: DeepInput<Group<"filters">>;
  /** Personal data that the relay takes out before it stores anything. Default: all is kept. @example { content: "drop", email: "hash" } */
  personalData?: DeepInput<Group<"personalData">>;
  /** Seconds that the timestamp of a call's signature may be off. Default: 0, which is any time. */
  maximumCallAgeSeconds?: pulumi.Input<number>;
  /** Days for which delivered events are remembered, so that those sent again are left out; 0 sends them again. Default: 7. */
  duplicateWindowDays?: pulumi.Input<number>;
  /** Most requests a second to Platform, over all instances of the relay. Default: 800. */
  maximumRequestsPerSecond?: pulumi.Input<number>;
  /** Seconds after a change of the dataflow in which the relay holds events back. A plain value. Default: 300. */
  dataflowActivationSeconds?: number;
  /** Seconds that a destroy waits for the relay to deliver what it still holds. A plain value. Default: 1800. */
  drainTimeoutSeconds?: number;
  /** Node.js version of the relay in Azure: 22 or 24. Default: 22. */
  nodeVersion?: pulumi.Input<Group<"nodeVersion">>;
  /** Memory of a relay instance in MB: 512, 2048 or 4096. Default: 2048. */
  instanceMemory?: pulumi.Input<Group<"instanceMemory">>;
  /** Most instances of each function group: 40 to 1000 in most regions. Default: 40. */
  maximumInstances?: pulumi.Input<number>;
  /** Instances kept warm for Customer.io's calls, which wait 4 seconds at most. 0 accepts cold starts. Default: 1. */
  alwaysReadyInstances?: pulumi.Input<number>;
  /** E-mail addresses that get the alerts. Default: none; alerts still show in the Azure portal. @example ["oncall@example.com"] */
  alertEmails?: DeepInput<string[]>;
  /** Hours without any call from Customer.io after which an alert fires: 1 to 47; 0 switches it off. Default: 24. */
  silenceAlertHours?: pulumi.Input<number>;
  /** Days that Azure keeps the relay's logs: 30 to 730. Default: 30. */
  logRetentionDays?: pulumi.Input<number>;
}

type DeepGroup<Name extends keyof Given> = { [Property in keyof Group<Name>]: DeepInput<Group<Name>[Property]> };

/** By argument, the properties that must be plain values, of arguments whose other properties may be outputs. */
const plainProperties: Readonly<Record<string, readonly string[]>> = decidingProperties;
const plainArguments: readonly string[] = decidingSettings;

/** A component's arguments as the settings of a source: checked as far as they are known, the rest once it is. */
export class SourceArguments implements SettingsSource {
  readonly words = argumentWords;
  readonly #given: Readonly<Record<string, unknown>>;
  readonly #signingKeys: pulumi.Input<string> | undefined;

  constructor({ signingKeys, credential, ...given }: CustomerIoSourceArgs) {
    this.#given = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    this.#signingKeys = signingKeys;
  }

  read(): Settings {
    const known: Record<string, unknown> = {};
    const later: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(this.#given)) {
      if (plainProperties[name] && typeof value === "object" && value !== null && !pulumi.Output.isInstance(value)) {
        const entries = Object.entries(value);
        known[name] = Object.fromEntries(entries.filter(([, item]) => !holdsOutput(item)));
        later[name] = Object.fromEntries(entries.filter(([, item]) => holdsOutput(item)));
      } else if (holdsOutput(value)) later[name] = value;
      else known[name] = value;
    }
    const parsed = settingsSchema.safeParse(known, { error: plainWords });
    refuseArguments([
      ...tooLate(later),
      ...mistakesOf(parsed.error?.issues ?? []).map(({ path, reason }) => notRight(pathOf(path), reason)),
      ...(parsed.success ? contradictions({ ...parsed.data, ...policyOf(later) }) : []).map(
        ({ setting, reason }) => `${setting} does not go with delivery: direct, since ${reason}.`,
      ),
      ...(parsed.success ? platformConflicts(parsed.data) : []).map(({ path, reason }) => `${pathOf(path)} ${reason}.`),
    ]);
    if (!parsed.success) throw parsed.error;
    warnOf(parsed.data, this.words);
    const settings: Record<string, unknown> = { ...parsed.data, signingKeys: keysOf(this.#signingKeys) };
    for (const [name, value] of Object.entries(later)) {
      settings[name] = plainProperties[name]
        ? { ...(settings[name] as object), ...lateProperties(name, value as object) }
        : onceKnown(value).apply((resolved) => checked({ [name]: resolved })[name]);
    }
    return settings as unknown as Settings;
  }
}

/** Arguments that come too late: which resources exist must be known when the program runs. */
function tooLate(later: Readonly<Record<string, unknown>>): string[] {
  const reason = "it decides which resources exist, so it must be a plain value, not an output";
  return Object.entries(later).flatMap(([name, value]) => {
    const plain = plainProperties[name];
    if (!plain) return plainArguments.includes(name) ? [notRight(name, reason)] : [];
    if (pulumi.Output.isInstance(value) || value instanceof Promise) {
      return [notRight(name, "its properties may be outputs, but not the whole object")];
    }
    return Object.keys(value as object)
      .filter((property) => plain.includes(property))
      .map((property) => notRight(`${name}.${property}`, reason));
  });
}

/** Of a policy that is not known yet, only that there is one. */
function policyOf({ filters, personalData }: Readonly<Record<string, unknown>>) {
  return {
    ...(filters !== undefined && { filters: { only: {} } }),
    ...(personalData !== undefined && { personalData: { content: "drop", email: "keep", recipient: "keep" } as const }),
  };
}

function lateProperties(name: string, properties: object): object {
  return Object.fromEntries(
    Object.entries(properties).map(([property, value]) => [
      property,
      onceKnown(value).apply((resolved) => {
        const group = checked({ [name]: { [property]: resolved } })[name] as Record<string, unknown>;
        return group[property];
      }),
    ]),
  );
}

/** All parts of a value, once they are known. */
function onceKnown(value: unknown): pulumi.Output<unknown> {
  return pulumi.output(value) as pulumi.Output<unknown>;
}

/** Arguments that have become known. */
function checked(arguments_: Record<string, unknown>): Record<string, unknown> {
  const parsed = settingsSchema.safeParse(arguments_, { error: plainWords });
  refuseArguments(mistakesOf(parsed.error?.issues ?? []).map(({ path, reason }) => notRight(pathOf(path), reason)));
  return { ...parsed.data };
}

/** An empty text is no key: what a secret of the configuration is until somebody has set it. */
function keysOf(signingKeys: pulumi.Input<string> | undefined): pulumi.Input<string> | undefined {
  if (signingKeys === undefined || signingKeys === "") return undefined;
  return pulumi.secret(pulumi.output(signingKeys).apply(checkedSigningKeys));
}
