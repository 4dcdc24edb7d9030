import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

/** How many hexadecimal digits azure-native adds to a logical name to make the resource's name. */
const digits = 8;

/** The name of the relay in this repository's program. */
const defaultRelay = "customerio-aep-relay";

interface Rule {
  /** Characters of a name, azure-native's digits included. */
  readonly longest: number;
  /** Only lower-case letters and digits, no hyphens. */
  readonly compact?: boolean;
}

/**
 * How long a name may be, and whether it is compact (Microsoft Learn, "Naming rules and restrictions for Azure resources"). Each
 * kind accepts letters, digits and hyphens, or those of a compact name that begins with a letter; some would accept more.
 */
const rules = {
  resourceGroup: { longest: 90 },
  identity: { longest: 128 },
  storageAccount: { longest: 24, compact: true },
  vault: { longest: 24, compact: true },
  plan: { longest: 60 },
  site: { longest: 60 },
  workspace: { longest: 63 },
  component: { longest: 260 },
  actionGroup: { longest: 260 },
  alert: { longest: 260 },
  webTest: { longest: 260 },
  virtualNetwork: { longest: 64 },
  privateEndpoint: { longest: 64 },
  budget: { longest: 63 },
} as const satisfies Record<string, Rule>;

export type AzureKind = keyof typeof rules;

/**
 * A logical name that is valid after azure-native adds 8 hexadecimal digits. It is `wanted` itself if that is
 * valid; otherwise a shortened form with a digest, so that different names stay different.
 *
 * It does not contain the stack's name: `pulumi stack rename` must rename nothing in the cloud.
 */
export function azureName(kind: AzureKind, wanted: string): string {
  const { longest, compact = false }: Rule = rules[kind];
  const room = longest - digits;
  const valid = compact ? /^[a-z][a-z0-9]*$/ : /^[A-Za-z0-9][A-Za-z0-9-]*$/;
  if (valid.test(wanted) && wanted.length <= room) return wanted;
  const digest = createHash("sha256").update(wanted).digest("hex").slice(0, 8);
  const words = wanted.match(/[A-Za-z0-9]+/g) ?? [];
  const joined = compact ? words.join("").toLowerCase().replace(/^\d+/, "") : words.join("-");
  const separator = compact ? "" : "-";
  const kept = joined.slice(0, room - digest.length - separator.length).replace(/-$/, "");
  return [kept || "relay", digest].join(separator);
}

/**
 * The input with the name that the user chose for a resource. Without one it is empty, and azure-native generates the
 * name.
 */
export function addName<Input extends string>(
  input: Input,
  name: pulumi.Input<string> | undefined,
): { readonly [Name in Input]?: pulumi.Input<string> } {
  return name === undefined ? {} : ({ [input]: name } as { [Name in Input]: pulumi.Input<string> });
}

/**
 * Digits for a name that is derived from the resource with this id, instead of those that azure-native generates at
 * random. Azure ignores case in ids.
 */
export function digestDigits(id: string): string {
  return createHash("sha256").update(id.toLowerCase()).digest("hex").slice(0, digits);
}

/** The prefix of the names of a relay's storage account and vault, which are short and unique in all of Azure. */
export function compactStem(name: string): string {
  return name === defaultRelay ? "cioaep" : `cio${name}`;
}

/**
 * The aliases under which a stack may know a resource that an earlier version created, when logical names contained the
 * stack's name. They keep the resource unchanged; a stack has to be updated once before it is renamed.
 */
export function formerNames(kind: "resourceGroup" | "site" | "storageAccount" | "vault", name: string): pulumi.Alias[] {
  const stack = pulumi.getStack();
  if (kind === "resourceGroup" || kind === "site") return [{ name: `${name}-${stack}` }];
  const own = name === defaultRelay ? "aep" : createHash("sha256").update(name).digest("hex").slice(0, 4);
  return [{ name: `cio${own}${stack.toLowerCase().replace(/[^a-z0-9]/g, "")}`.slice(0, 16) }];
}
