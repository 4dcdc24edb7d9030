import type { PolicyName } from "./refusals/policy-definitions.ts";

/**
 * Behaviors of Azure that no source settles, each as a named switch. A default is the documented behavior if there is
 * one, otherwise the variant that is harder on the caller.
 */
export interface AzureSwitches {
  /** Status of a Flex Consumption app before the first deployment: its placeholder host has no route, or there is no host. */
  readonly beforeFirstDeploy: 404 | 503;
  /** Where a deployment reports that the app's identity can't write the package: `POST /api/publish` answers 400, or the status says failed. */
  readonly storageRefusal: "publish" | "status";
  /**
   * Whether an app that gets a different deployment container keeps running its code, or has none until the next
   * deployment.
   */
  readonly movedDeploymentStorage: "drops-code" | "keeps-code";
  /** Whether a deployment syncs the app's triggers with the platform; if not, only an explicit sync does. */
  readonly deploySyncsTriggers: boolean;
  /** Whether the host can read packaged files whose zip entries have no Unix file mode. */
  readonly filesWithoutUnixMode: "unreadable" | "readable";
  /** Whether a storage account and its parts may be written at the same time; Azure sometimes refuses it. */
  readonly parallelAccountWrites: "refuse" | "allow";
  /** Seconds that Azure's network provider works on a change after its answer; in Azure up to some minutes. */
  readonly networkSeconds: number;
  /** Seconds for which the name of a deleted queue or container is refused; at least 30 are documented. */
  readonly deletedNameSeconds: number;
  /** Milliseconds until a role assignment takes effect, also a recent one; in Azure usually under a minute, sometimes several. */
  readonly roleAssignmentDelay: number;
  /** Action that allows updating a queue message (to renew its lease or delay its retry): the documented `messages/write`, or `process/action` too. */
  readonly messageUpdateNeeds: "write" | "write-or-process";
  /** Seconds of a host's lease on a queue message. After a host is killed, its messages stay hidden until the lease ends. */
  readonly messageLease: number;
  /** Milliseconds for which an instance keeps working with former settings or code after a change. */
  readonly formerInstances: number;
  /** Whether the front end alternates calls between such instances and the new one. */
  readonly callsToFormerInstances: boolean;
  /** Whether a failed Key Vault reference stays failed until settings change or a refresh, or is resolved again at each start of a host. */
  readonly failedReferences: "kept" | "tried-at-start";
  /** Whether a vault still returns the value of a secret whose expiry date has passed. */
  readonly expiredSecrets: "refused" | "given";
  /** Whether the login that runs Pulumi and the command line is inside the virtual network of a private relay. */
  readonly operatorNetwork: "outside" | "inside";
  /**
   * Whether a refresh of Key Vault references restarts the app if it brought another value; if not, running instances
   * keep theirs.
   */
  readonly referenceRefreshRestarts: boolean;
  /** Node versions that a Flex Consumption app can use. ARM accepts any text, but with another version the app fails to start. */
  readonly nodeVersions: readonly string[];
  /** Regions without availability zones, in lower case and without blanks. */
  readonly regionsWithoutZones: readonly string[];
  /** Regions without the plan Flex Consumption, in lower case and without blanks. */
  readonly regionsWithoutFlex: readonly string[];
  /** Resource providers that the subscription is not registered for: `Microsoft.Web`. */
  readonly unregisteredProviders: readonly string[];
  /** Storage accounts that the subscription may have in a region. */
  readonly storageAccountLimit: number;
  /** Names of storage accounts and vaults, in lower case, that another subscription uses. */
  readonly namesTaken: readonly string[];
  /** Policies that are assigned to the subscription with the effect Deny. */
  readonly policies: readonly PolicyName[];
  /** Milliseconds for which the front end holds a request while its host starts. */
  readonly coldStartPatience: number;
  /** Milliseconds before an app whose host is in error restarts; doubles with each failure, up to a minute. */
  readonly hostRestartDelay: number;
}

export const defaultAzureSwitches: AzureSwitches = {
  beforeFirstDeploy: 404,
  storageRefusal: "publish",
  movedDeploymentStorage: "drops-code",
  deploySyncsTriggers: false,
  filesWithoutUnixMode: "unreadable",
  parallelAccountWrites: "refuse",
  networkSeconds: 1,
  deletedNameSeconds: 30,
  roleAssignmentDelay: 0,
  messageUpdateNeeds: "write",
  messageLease: 600,
  formerInstances: 0,
  callsToFormerInstances: true,
  failedReferences: "kept",
  expiredSecrets: "refused",
  operatorNetwork: "outside",
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
