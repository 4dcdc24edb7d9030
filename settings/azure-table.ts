import { z } from "zod";
import { azureChoices, azureExisting, azureNames, azureTags, environments } from "./azure-settings.ts";
import { allowedCallers, privateNetwork, webhookEndpoint } from "./network-settings.ts";
import type { Setting } from "./setting.ts";

/** The effect of the relay's settings with direct delivery, which has no relay. */
export const ofTheRelay = { ignored: "it belongs to the relay, which does not exist with delivery: direct" } as const;

/** The part of `settingsTable` about the relay's resources in Azure. */
export const azureTable = {
  environment: {
    schema: z.enum(environments, { error: "it must be dev or prod" }),
    default: "dev",
    decides: true,
    description:
      "The purpose of the relay's resources in Azure. `dev` is cheap and quick to destroy. `prod` keeps events in several zones, makes " +
      "deleted events recoverable, and protects against accidental deletion.",
    page: "azure.md",
    examples: ["prod"],
    direct: ofTheRelay,
  },
  azure: {
    schema: azureChoices.partial(),
    default: {},
    decides: ["separateHostStorage", "deleteLocks", "protect", "diagnosticSettings", "disableFormerSecrets"],
    description:
      "Overrides of what `environment` chooses: `storageRedundancy`, `separateHostStorage`, `zoneRedundant`, `purgeProtection`, " +
      "`vaultRetentionDays`, `secretLifetimeDays`, `disableFormerSecrets`, `softDeleteDays`, `deleteLocks`, `protect`, `diagnosticSettings`, `dailyLogQuotaGb`.",
    page: "azure.md",
    examples: [{ storageRedundancy: "GZRS", dailyLogQuotaGb: 5 }],
    direct: ofTheRelay,
  },
  azureTags: {
    schema: azureTags,
    default: {},
    description: "Tags of every resource in Azure that can have tags.",
    page: "azure.md",
    examples: [{ costCenter: "crm" }],
    direct: ofTheRelay,
  },
  azureNames: {
    schema: azureNames,
    default: {},
    decides: [],
    description:
      "Names of resources in Azure, instead of generated ones: `resourceGroup`, `site`, `identity`, `storageAccount`, " +
      "`hostStorageAccount`, `vault`, `workspace`, `component`, `actionGroup`. A changed name replaces the resource.",
    page: "azure.md",
    examples: [{ resourceGroup: "rg-crm-events", site: "func-crm-events" }],
    direct: ofTheRelay,
  },
  azureExisting: {
    schema: azureExisting,
    default: {},
    decides: [],
    description:
      "Ids of existing resources in Azure to use: `resourceGroupId`, `workspaceId`, `actionGroupIds`, `vaultId`, `identityId`. The program " +
      "never changes or deletes them.",
    page: "azure.md",
    examples: [{ resourceGroupId: "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-crm-events" }],
    direct: ofTheRelay,
  },
  allowedCallers: {
    schema: allowedCallers,
    default: {},
    decides: true,
    description:
      "Who may call the relay; by default everyone, since the relay accepts only signed events. `customerIo` allows the addresses that " +
      "Customer.io's API lists, `addresses` other senders of events, `frontDoorIds` your profiles of Azure Front Door, and `operators` " +
      "the machines that run Pulumi and the command line. A call from elsewhere gets 403.",
    page: "networking.md",
    examples: [{ customerIo: true, operators: ["203.0.113.0/24"] }],
    direct: ofTheRelay,
  },
  webhookEndpoint: {
    schema: webhookEndpoint,
    default: "",
    description:
      "Your own address for Customer.io to post to, such as that of a Front Door or a gateway that forwards the calls to the relay. " +
      "If it is empty, Customer.io posts to the address of the function app.",
    page: "networking.md#an-address-of-your-own",
    examples: ["https://events.example.com/customerio"],
    direct: { refused: "Customer.io then posts straight to Platform" },
  },
  privateNetwork: {
    schema: privateNetwork,
    default: {},
    decides: true,
    description:
      "A virtual network for the relay: with `enabled`, its storage and vault have private endpoints and accept no calls from outside. The program " +
      "creates the network, the subnets and the DNS zones, or uses those of `appSubnetId`, `endpointSubnetId` and `dnsZoneIds`. `addressSpace` is " +
      "for the network that it creates. `publicAccess` leaves storage and vault open, as a first step.",
    page: "networking.md",
    examples: [{ enabled: true, addressSpace: "10.20.30.0/24" }],
    direct: ofTheRelay,
  },
  monthlyEvents: {
    schema: z.int().min(0).max(1_000_000_000_000),
    default: 0,
    description:
      "Events that you expect in a month, for the output `estimatedCost`: what the relay costs in Azure, by meter, at list prices " +
      "with their dates. With 0, it is the cost without events. The setting changes nothing in Azure.",
    page: "azure.md#what-it-costs",
    examples: [3_000_000],
    direct: ofTheRelay,
  },
  monthlyBudget: {
    schema: z.int().min(0).max(1_000_000_000),
    default: 0,
    decides: true,
    description:
      "A monthly budget for everything in the relay's resource group in Azure, in the currency of the subscription; 0 means no budget. Azure " +
      "notifies everyone who gets the alerts when 80 % and 100 % of it are spent, and when the forecast exceeds it. A budget stops nothing.",
    page: "azure.md#a-budget",
    examples: [250],
    direct: ofTheRelay,
  },
} as const satisfies Record<string, Setting>;
