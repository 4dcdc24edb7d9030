import { getClientConfigOutput } from "@pulumi/azure-native/authorization/getClientConfig.js";
import * as pulumi from "@pulumi/pulumi";
import type { SettingWords } from "../../settings/setting-words.ts";
import { outputOf } from "../outputs.ts";
import type { PlatformCredential } from "../platform/platform-credential.ts";
import type { Settings } from "../settings/setting-types.ts";
import type { AzurePart } from "./azure/azure-parts.ts";
import { type AzureProfile, azureProfile } from "./azure/azure-profile.ts";
import { withTags } from "./azure/azure-tags.ts";
import { checkChosenNames } from "./azure/chosen-names.ts";
import { inRegion } from "./azure/group-region.ts";
import { publicAccessOf } from "./azure/safe-properties.ts";
import { AvailabilityTest } from "./monitoring/availability-test.ts";
import { MetricAlerts } from "./monitoring/metric-alerts.ts";
import { declareBudget } from "./monitoring/relay-budget.ts";
import { RelayMonitoring, type RelayMonitoringArgs } from "./monitoring/relay-monitoring.ts";
import { restrictAccess } from "./network/access-restrictions.ts";
import { privateTargets, RelayNetwork } from "./network/relay-network.ts";
import { grantRoles } from "./relay-access.ts";
import { RelayApp } from "./relay-app.ts";
import type { CarriedSetting } from "./relay-app-settings.ts";
import { type EstimatedCost, estimateCost } from "./relay-cost.ts";
import { relayGroup } from "./relay-group.ts";
import { RelayIdentity } from "./relay-identity.ts";
import { protectRelay } from "./relay-protection.ts";
import { referringSettings } from "./relay-references.ts";
import { RelayVault } from "./relay-vault.ts";
import { type AccountChange, checkAccountChange } from "./storage/account-check.ts";
import { refuseWithoutDrain } from "./storage/drain-check.ts";
import { refuseFewerQueues } from "./storage/event-queue-check.ts";
import { HostStorage } from "./storage/host-storage.ts";
import { declareDrain } from "./storage/queue-drain.ts";
import { RelayStorage } from "./storage/relay-storage.ts";

/** Settings that the relay or its Azure resources depend on. */
type RelaySettings = Pick<
  Settings,
  | CarriedSetting
  | "signingKeys"
  | "nodeVersion"
  | "instanceMemory"
  | "maximumInstances"
  | "alwaysReadyInstances"
  | "drainTimeoutSeconds"
  | "eventQueues"
  | "environment"
  | "azure"
  | "azureTags"
  | "azureNames"
  | "azureExisting"
  | "allowedCallers"
  | "webhookEndpoint"
  | "privateNetwork"
  | "monthlyBudget"
  | "monthlyEvents"
>;

export interface WebhookRelayArgs extends RelaySettings, Omit<RelayMonitoringArgs, "profile" | "resourceGroup"> {
  /** How messages name the settings. */
  words: SettingWords;
  /** The address to which the relay posts events. */
  streamingUrl: pulumi.Input<string>;
  /** Adobe credential with which the relay gets access tokens; undefined if the streaming endpoint requires none. */
  credential: PlatformCredential | undefined;
  /** ISO time before which nothing is sent. */
  readyAt: pulumi.Input<string>;
  /** Declares what a destroy deletes after the drain, while the relay still answers. */
  afterDrain(dependsOn: pulumi.Resource[], healthUrl: pulumi.Output<string>): pulumi.Resource[];
}

/** Transformations of each child, once they are known. */
interface LaterTransformations {
  checkNames?: pulumi.ResourceTransformation | undefined;
  chooseRegion?: pulumi.ResourceTransformation;
}

interface RelayOutputs {
  readonly url: pulumi.Output<string>;
  readonly hostName: pulumi.Output<string>;
  readonly healthUrl: pulumi.Output<string>;
  readonly estimatedCost: pulumi.Output<EstimatedCost>;
  readonly queueId: pulumi.Output<string>;
  readonly parts: Readonly<Record<string, AzurePart>>;
  readonly ready: pulumi.Resource[];
}

/**
 * The relay in Azure: a function app on the Flex Consumption plan between Customer.io, which waits 4 seconds and holds
 * everything back after a failure, and Platform. It accesses storage and vault with its own identity; there are no account keys.
 */
export class WebhookRelay extends pulumi.ComponentResource<RelayOutputs> {
  /** Where Customer.io posts events: `webhookEndpoint`, or the function app itself. */
  readonly url: pulumi.Output<string> = outputOf(this.getData(), "url");
  /** Host name of the function app: the origin of a front door. A replaced app has a different one. */
  readonly hostName: pulumi.Output<string> = outputOf(this.getData(), "hostName");
  /** The address of the relay's health check. */
  readonly healthUrl: pulumi.Output<string> = outputOf(this.getData(), "healthUrl");
  /** What the relay costs in Azure in a month, for the setting `monthlyEvents`. */
  readonly estimatedCost: pulumi.Output<EstimatedCost> = outputOf(this.getData(), "estimatedCost");
  /** Azure Resource Manager id of the queue in which events wait. */
  readonly queueId: pulumi.Output<string> = outputOf(this.getData(), "queueId");
  readonly #name: string;
  readonly #args: WebhookRelayArgs;
  readonly #later: LaterTransformations;

  constructor(name: string, args: WebhookRelayArgs, options?: pulumi.ComponentResourceOptions) {
    const later: LaterTransformations = {};
    const transformations: pulumi.ResourceTransformation[] = [
      withTags(args.azureTags),
      (resource) => later.checkNames?.(resource),
      (resource) => later.chooseRegion?.(resource),
      ...(options?.transformations ?? []),
    ];
    super("customerio-aep:index:WebhookRelay", name, {}, { ...options, transformations });
    this.#name = name;
    this.#args = args;
    this.#later = later;
  }

  /**
   * Resources that a destroy deletes one by one. Queues, containers, secrets and settings are deleted with their parents. Not an output: in a
   * preview it would be unknown as soon as one part has yet to be created, and a guard could not check the others.
   */
  get parts(): Promise<Readonly<Record<string, AzurePart>>> {
    return this.getData().then(({ parts }) => parts);
  }

  /** Resources that must exist before Customer.io may send, and must be deleted only after it has stopped. */
  get ready(): Promise<pulumi.Resource[]> {
    return this.getData().then(({ ready }) => ready);
  }

  protected override async initialize(): Promise<RelayOutputs> {
    // The SDK calls this from its own constructor; afterwards this object is complete.
    await Promise.resolve();
    const { azureNames, words } = this.#args;
    this.#later.checkNames = await checkChosenNames({ relay: this.#name, azureNames, words }, this);
    return this.#declare(this.#name, this.#args);
  }

  async #declare(name: string, args: WebhookRelayArgs): Promise<RelayOutputs> {
    const parent = { parent: this };
    const { subscriptionId, tenantId } = getClientConfigOutput(parent);
    const { azureNames: names, azureExisting: existing } = args;
    const profile = azureProfile(args.environment, args.azure);
    const publicAccess = publicAccessOf(args.privateNetwork);

    const group = relayGroup(name, { ...args, subscriptionId }, parent);
    if (existing.resourceGroupId !== undefined) this.#later.chooseRegion = inRegion(group.location);
    const inGroup = { resourceGroupName: group.name };
    const storage = new RelayStorage(
      `${name}-storage`,
      {
        ...inGroup,
        relayName: name,
        accountName: names.storageAccount,
        eventQueues: args.eventQueues,
        profile,
        publicAccess,
      },
      parent,
    );
    const hostStorage = profile.separateHostStorage
      ? new HostStorage(
          `${name}-host-storage`,
          { ...inGroup, relayName: name, accountName: names.hostStorageAccount, profile, publicAccess },
          parent,
        )
      : undefined;
    const storageAccountId = storage.account.id;
    const hostAccountId = hostStorage?.account.id;
    const hostAccount = (hostStorage ?? storage).account;
    const codeContainerUrl = hostAccount.declareCode();
    const stored = [...new Set([...storage.account.contents, ...hostAccount.contents])];
    const monitoring = new RelayMonitoring(`${name}-monitoring`, { ...args, resourceGroup: group, profile }, parent);
    const vault = new RelayVault(
      name,
      {
        ...inGroup,
        tenantId,
        vaultName: names.vault,
        profile,
        publicAccess,
        actionGroupIds: monitoring.actionGroupIds,
        existing: existing.vaultId === undefined ? undefined : { id: existing.vaultId, storageAccountId },
      },
      parent,
    );
    const ownVaultId = existing.vaultId === undefined ? vault.id : undefined;
    const identity = new RelayIdentity(
      name,
      { ...inGroup, subscriptionId, identityName: names.identity, existingId: existing.identityId },
      parent,
    );

    const network = args.privateNetwork.enabled
      ? new RelayNetwork(
          `${name}-net`,
          {
            resourceGroup: group,
            settings: args.privateNetwork,
            storageAccountId,
            targets: privateTargets({ storageAccountId, hostAccountId, vaultId: ownVaultId }),
          },
          parent,
        )
      : undefined;
    const referred = { storage, hostAccount, monitoring, vault, identity };
    const settings = referringSettings(args, referred);
    grantRoles(referred);
    const app = new RelayApp(
      name,
      {
        ...args,
        resourceGroup: group,
        identity,
        storage,
        codeContainerUrl,
        hasHostStorage: hostStorage !== undefined,
        stored,
        settings,
        check: this.#check(args, { storageAccountId, hostAccountId }, profile),
        siteName: names.site,
        profile,
        access: restrictAccess(args.allowedCallers, args.words, this),
        network,
      },
      parent,
    );
    if (profile.disableFormerSecrets) vault.disableFormer(app.code);
    const { hostName } = app;
    const url = pulumi
      .all([args.webhookEndpoint, hostName])
      .apply(([own, host]) => (own === "" ? `https://${host}/customerio` : own));
    const healthUrl = pulumi.interpolate`https://${hostName}/health`;
    const queueId = storage.eventsQueueId;

    const drain = declareDrain(name, { ...args, queueId, healthUrl, app, identity }, parent);
    const availability = new AvailabilityTest(
      `${name}-availability`,
      {
        ...inGroup,
        componentId: monitoring.componentId,
        actionGroupIds: monitoring.actionGroupIds,
        url: healthUrl,
      },
      // Created once the code works, and deleted before it, so that creating or deleting a relay raises no alert.
      { ...parent, dependsOn: app.code },
    );
    const metrics = new MetricAlerts(
      `${name}-metrics`,
      {
        ...inGroup,
        storageAccountId,
        hostAccountId,
        vaultId: ownVaultId,
        actionGroupIds: monitoring.actionGroupIds,
      },
      { ...parent, dependsOn: app.code },
    );

    const protection = protectRelay(
      name,
      {
        storageAccountId,
        hostAccountId,
        vaultId: ownVaultId,
        siteId: app.id,
        workspaceId: monitoring.workspaceId,
        onLocked: [
          ...identity.roles,
          ...stored,
          ...(vault.expiryAlert ? [vault.expiryAlert] : []),
          ...(network?.ready ?? []),
        ],
        profile,
      },
      parent,
    );

    const budget = declareBudget(name, { ...args, group, account: storage.account, monitoring }, parent);

    const parts = {
      ...group.parts,
      ...storage.parts,
      ...hostStorage?.parts,
      ...vault.parts,
      ...monitoring.parts,
      ...identity.parts,
      ...app.parts,
      ...network?.parts,
      ...availability.parts,
      ...protection,
      ...metrics.parts,
      ...budget,
    };
    this.registerOutputs({ url });
    // Before the webhook is redirected to a new relay: it is declared once this component is complete.
    const ownGroupId = existing.resourceGroupId === undefined ? group.id : undefined;
    await refuseWithoutDrain(drain, [storageAccountId, ownGroupId]);
    const estimatedCost = estimateCost({ ...args, profile, network });
    return { url, hostName, healthUrl, estimatedCost, queueId, parts, ready: [app.code, drain] };
  }

  /** What must not change in existing accounts. In a preview unknown while an account is, as that of a new relay. */
  #check(
    { eventQueues, privateNetwork, words }: WebhookRelayArgs,
    {
      storageAccountId,
      hostAccountId,
    }: { storageAccountId: pulumi.Output<string>; hostAccountId: pulumi.Output<string> | undefined },
    { storageRedundancy }: AzureProfile,
  ): pulumi.Output<void> {
    const checkChange = (id: pulumi.Output<string>, publicAccess: AccountChange["publicAccess"]) =>
      pulumi
        .all([id, storageRedundancy])
        .apply(([accountId, redundancy]) => checkAccountChange({ accountId, redundancy, publicAccess, words }, this));
    const checks = [
      storageAccountId.apply((accountId) => refuseFewerQueues({ accountId, wanted: eventQueues, words }, this)),
      checkChange(storageAccountId, publicAccessOf(privateNetwork)),
      // The host's account closes with the other, of which one warning is enough.
      ...(hostAccountId ? [checkChange(hostAccountId, undefined)] : []),
    ];
    return pulumi.all(checks).apply(() => undefined);
  }
}
