import { createHash, randomBytes } from "node:crypto";
import type { CheckFailure, CheckResult, Provider } from "pulumi-provider-kit";
import { holdsUnknown, isMap, type PropertyMap, type PropertyValue, reveal, Unknown } from "pulumi-provider-kit";
import { pathInputs } from "./resource-id.ts";
import type { ResourceType } from "./resource-types.ts";

/** azure-native sets this on randomly named resources: their replacement can be created before the old one is deleted. */
const createBeforeDelete = "__createBeforeDelete";

interface Rule {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: RegExp;
}

/** Length and character rules of Azure's REST descriptions, which azure-native checks before it calls Azure. */
const rules: Record<string, Record<string, Rule>> = {
  "azure-native:resources:ResourceGroup": { resourceGroupName: { minimum: 1, maximum: 90 } },
  "azure-native:storage:StorageAccount": { accountName: { minimum: 3, maximum: 24, pattern: /^[a-z0-9]+$/ } },
  "azure-native:storage:Queue": { queueName: { minimum: 3, maximum: 63 } },
  "azure-native:storage:BlobContainer": { containerName: { minimum: 3, maximum: 63 } },
  "azure-native:keyvault:Vault": { vaultName: { pattern: /^[a-zA-Z0-9-]{3,24}$/ } },
  "azure-native:keyvault:Secret": { secretName: { pattern: /^[a-zA-Z0-9-]{1,127}$/ } },
  "azure-native:operationalinsights:Workspace": {
    workspaceName: { minimum: 4, maximum: 63, pattern: /^[A-Za-z0-9][A-Za-z0-9-]+[A-Za-z0-9]$/ },
  },
  "azure-native:monitor:ActionGroup": { groupShortName: { maximum: 12 } },
  "azure-native:portal:Dashboard": { dashboardName: { minimum: 3, maximum: 64, pattern: /^[a-zA-Z0-9-]*$/ } },
};

/** What the engine passes to a check, besides the resource. */
export type CheckRequest = Parameters<Provider["check"]>[1];

export interface Defaults {
  /** Setting `azure-native:location`. */
  readonly location: string | undefined;
  readonly groupLocation: (groupName: string) => string | undefined;
}

/** azure-native's Check: fills in name, location and API version, then checks what it can without Azure. */
export function checkInputs(
  type: ResourceType,
  logicalName: string,
  { olds, news, randomSeed, autonaming }: CheckRequest,
  defaults: Defaults,
): CheckResult {
  const inputs = withoutNulls(news);
  if (inputs[type.nameInput] === undefined && type.autoName !== "none") {
    Object.assign(inputs, autoName(type, logicalName, { olds, randomSeed, autonaming }));
  }
  if (type.located && inputs.location === undefined) {
    const location = defaultLocation(olds, inputs, defaults);
    if (location !== undefined) inputs.location = location;
  }
  if (type.apiVersion !== "" && inputs.azureApiVersion === undefined) inputs.azureApiVersion = type.apiVersion;
  return { inputs, failures: [...missing(type, inputs), ...explainBroken(type, inputs)] };
}

/** Whether azure-native would delete a resource before it creates the replacement. */
export function deletesBeforeReplace(olds: PropertyMap): boolean {
  return olds[createBeforeDelete] !== true;
}

function autoName(
  type: ResourceType,
  logicalName: string,
  { olds, randomSeed, autonaming }: Omit<CheckRequest, "news">,
): PropertyMap {
  const old = olds[type.nameInput];
  if (old !== undefined) {
    return { [type.nameInput]: old, ...(olds[createBeforeDelete] === true && { [createBeforeDelete]: true }) };
  }
  if (autonaming?.mode === "disable") return {};
  if (autonaming?.mode === "enforce" || (autonaming && type.autoName !== "uuid")) {
    return { [type.nameInput]: autonaming.proposedName, [createBeforeDelete]: true };
  }
  const digits = randomDigits(randomSeed);
  switch (type.autoName) {
    case "random":
      return { [type.nameInput]: logicalName + digits.slice(0, 8), [createBeforeDelete]: true };
    case "uuid":
      return {
        [type.nameInput]: digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"),
        [createBeforeDelete]: true,
      };
    default:
      return { [type.nameInput]: logicalName };
  }
}

/**
 * 32 hexadecimal digits. The engine's seed decides them, so that the `up` of a saved plan gives the names of its preview
 * (pulumi/pulumi-azure-native: provider/pkg/provider/provider.go).
 */
function randomDigits(seed: Uint8Array | undefined): string {
  const bytes = seed === undefined || seed.length === 0 ? randomBytes(32) : seed;
  return createHash("sha256").update(bytes).digest("hex").slice(0, 32);
}

function defaultLocation(olds: PropertyMap, news: PropertyMap, defaults: Defaults): PropertyValue | undefined {
  if (olds.location !== undefined) return olds.location;
  if (defaults.location !== undefined) return defaults.location;
  const group = news.resourceGroupName;
  if (group === undefined) return undefined;
  if (holdsUnknown(group)) return Unknown.instance;
  return defaults.groupLocation(String(reveal(group)));
}

function missing(type: ResourceType, inputs: PropertyMap): CheckFailure[] {
  const required = [...pathInputs(type), ...(type.located ? ["location"] : [])];
  return required
    .filter((name) => inputs[name] === undefined)
    .map((property) => {
      const hint =
        property === "location"
          ? ". Either set it explicitly or configure it with 'pulumi config set azure-native:location <value>'."
          : "";
      return { property, reason: `missing required property '${property}'${hint}` };
    });
}

function explainBroken(type: ResourceType, inputs: PropertyMap): CheckFailure[] {
  return Object.entries(rules[type.token] ?? {}).flatMap(([property, rule]) => {
    const value = inputs[property] === undefined ? undefined : reveal(inputs[property]);
    if (typeof value !== "string") return [];
    const reasons = [
      rule.minimum !== undefined && value.length < rule.minimum
        ? `'${property}' is too short (${value.length}): at least ${rule.minimum} characters required`
        : undefined,
      rule.maximum !== undefined && value.length > rule.maximum
        ? `'${property}' is too long (${value.length}): at most ${rule.maximum} characters allowed`
        : undefined,
      rule.pattern && !rule.pattern.test(value)
        ? `'${property}' does not match expression '${rule.pattern.source}'`
        : undefined,
    ];
    return reasons.filter((reason) => reason !== undefined).map((reason) => ({ property, reason }));
  });
}

/** Removes nulls at every depth, as azure-native does when it reads its inputs. */
function withoutNulls(map: PropertyMap): PropertyMap {
  return Object.fromEntries(
    Object.entries(map)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([key, value]) => [key, isMap(value) ? withoutNulls(value) : value]),
  );
}
