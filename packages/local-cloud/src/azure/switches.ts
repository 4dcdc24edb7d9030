import type { PolicyName } from "./refusals/policy-definitions.ts";

/**
 * What no source settles about Azure, each as a named switch. The defaults are the documented behavior where there is
 * one, else the side that is harder on the caller.
 */
export interface AzureSwitches {
  /** What a Flex Consumption app answers before any code was deployed: its placeholder host has no route, or no host at all. */
  readonly beforeFirstDeploy: 404 | 503;
  /** Where a deployment tells that the app's identity can't write the package: `POST /api/publish` answers 400, or it is taken and its status says failed. */
  readonly storageRefusal: "publish" | "status";
  /** Whether a deployment makes the platform know the app's triggers; if not, only the explicit sync does. */
  readonly deploySyncsTriggers: boolean;
  /** Whether the host can read packaged files whose zip entries carry no Unix file mode. */
  readonly filesWithoutUnixMode: "unreadable" | "readable";
  /** Whether two parts of one storage account may be written at the same time; Azure refuses it now and then. */
  readonly parallelAccountWrites: "refuse" | "allow";
  /** Milliseconds until a new role assignment takes effect; in Azure mostly under a minute, at times minutes. */
  readonly roleAssignmentDelay: number;
  /** What a queue message may be updated with (its lease renewed, its retry delayed): the documented `messages/write`, or `process/action` too. */
  readonly messageUpdateNeeds: "write" | "write-or-process";
  /** Seconds for which a host holds a queue message that it works on; one that is killed leaves the message hidden for so long. */
  readonly messageLease: number;
  /** Milliseconds for which an instance lives on after a change of settings or code, and does its work with the former ones. */
  readonly formerInstances: number;
  /** Whether the front end sends calls to such instances too, in turn with the new one. */
  readonly callsToFormerInstances: boolean;
  /** Whether a Key Vault reference that could not be resolved stays so until settings change or a refresh, or is tried again at each start of a host. */
  readonly failedReferences: "kept" | "tried-at-start";
  /** Whether a vault still gives the value of a secret whose expiry date has passed. */
  readonly expiredSecrets: "refused" | "given";
  /** Whether a refresh of Key Vault references restarts the app if it brought another value; if not, running instances keep what they have. */
  readonly referenceRefreshRestarts: boolean;
  /** Node versions that a Flex Consumption app starts with; ARM takes any text and the app then fails to start. */
  readonly nodeVersions: readonly string[];
  /** Regions without availability zones, in lower case and without blanks. */
  readonly regionsWithoutZones: readonly string[];
  /** Regions without the plan Flex Consumption, in lower case and without blanks. */
  readonly regionsWithoutFlex: readonly string[];
  /** Resource providers that the subscription is not registered for: `Microsoft.Web`. */
  readonly unregisteredProviders: readonly string[];
  /** Storage accounts that the subscription may have in a region. */
  readonly storageAccountLimit: number;
  /** Names of storage accounts and vaults, in lower case, that another subscription has. */
  readonly namesTaken: readonly string[];
  /** Policies that are assigned to the subscription with the effect Deny. */
  readonly policies: readonly PolicyName[];
  /** Milliseconds that the front end holds a request while its host starts. */
  readonly coldStartPatience: number;
  /** Milliseconds before an app whose host is in error is restarted; doubles with each failure, up to a minute. */
  readonly hostRestartDelay: number;
}

export const defaultAzureSwitches: AzureSwitches = {
  beforeFirstDeploy: 404,
  storageRefusal: "publish",
  deploySyncsTriggers: false,
  filesWithoutUnixMode: "unreadable",
  parallelAccountWrites: "refuse",
  roleAssignmentDelay: 0,
  messageUpdateNeeds: "write",
  messageLease: 600,
  formerInstances: 0,
  callsToFormerInstances: true,
  failedReferences: "kept",
  expiredSecrets: "refused",
  referenceRefreshRestarts: false,
  nodeVersions: ["20", "22", "24"],
  regionsWithoutZones: ["northcentralus", "westcentralus", "westus"],
  regionsWithoutFlex: ["westcentralus"],
  unregisteredProviders: [],
  storageAccountLimit: 250,
  namesTaken: [],
  policies: [],
  coldStartPatience: 30_000,
  hostRestartDelay: 1_000,
};
