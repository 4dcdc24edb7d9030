import { textAt } from "../arm/subscription.ts";
import { hasZones, offersFlex, regionName } from "../refusals/regions.ts";
import type { AzureSwitches } from "../switches.ts";
import type { Query } from "./query.ts";

/** Microsoft, "Azure regions list": the public regions that tests are likely to name. */
const regions = [
  "East US",
  "East US 2",
  "Central US",
  "North Central US",
  "South Central US",
  "West Central US",
  "West US",
  "West US 2",
  "West US 3",
  "Canada Central",
  "Brazil South",
  "North Europe",
  "West Europe",
  "UK South",
  "UK West",
  "France Central",
  "Germany West Central",
  "Sweden Central",
  "Switzerland North",
  "Norway East",
  "Italy North",
  "Poland Central",
  "Southeast Asia",
  "East Asia",
  "Japan East",
  "Korea Central",
  "Australia East",
  "Central India",
  "South Africa North",
  "UAE North",
];

const redundancies = ["LRS", "GRS", "RAGRS", "ZRS", "GZRS", "RAGZRS"];

/** What Azure offers where. */
export const regionQueries: readonly Query[] = [
  {
    method: "GET",
    path: /^\/providers\/Microsoft\.Web\/geoRegions$/i,
    action: "Microsoft.Web/geoRegions/read",
    answer: ({ scope, parameters }, { switches }) => {
      const offering = regions.filter((name) => parameters.sku !== "FlexConsumption" || offersFlex(name, switches));
      const domains = (name: string) => [
        "PUBLIC",
        "MSFTPUBLIC",
        "DYNAMIC",
        ...(offersFlex(name, switches) ? ["FLEXCONSUMPTION"] : []),
        ...(offersFlex(name, switches) && hasZones(name, switches) ? ["FCZONEREDUNDANCY"] : []),
      ];
      return {
        value: offering.map((name) => ({
          id: `${scope}/providers/Microsoft.Web/geoRegions/${name}`,
          name,
          type: "Microsoft.Web/geoRegions",
          properties: { name, description: null, displayName: name, orgDomain: domains(name).join(";") },
        })),
      };
    },
  },
  {
    method: "GET",
    path: /^\/providers\/Microsoft\.Storage\/skus$/i,
    action: "Microsoft.Storage/skus/read",
    answer: (_asked, { switches }) => ({
      value: regions.flatMap((region) =>
        redundancies
          .filter((redundancy) => !redundancy.endsWith("ZRS") || hasZones(region, switches))
          .map((redundancy) => ({
            resourceType: "storageAccounts",
            name: `Standard_${redundancy}`,
            tier: "Standard",
            kind: "StorageV2",
            locations: [regionName(region)],
            capabilities: [],
            restrictions: [],
          })),
      ),
    }),
  },
  {
    method: "GET",
    path: /^\/providers\/Microsoft\.Storage\/locations\/([^/]+)\/usages$/i,
    action: "Microsoft.Storage/locations/usages/read",
    answer: ({ groups: [location = ""] }, { subscription, switches }) => {
      const accounts = subscription
        .list("storage:StorageAccount")
        .filter(({ inputs }) => regionName(textAt(inputs, "location")) === regionName(location));
      const name = { value: "StorageAccounts", localizedValue: "Storage Accounts" };
      const limit = switches.storageAccountLimit;
      return { value: [{ unit: "Count", currentValue: accounts.length, limit, name }] };
    },
  },
];

/** The Node.js versions of Flex Consumption in a region, as the `functionAppStacks` of a location list them. */
export function nodeStacks(region: string, switches: AzureSwitches): object {
  const versions = offersFlex(region, switches) ? switches.nodeVersions : [];
  const majorVersions = versions.map((version) => ({
    displayText: `Node.js ${version}`,
    value: version,
    minorVersions: [
      {
        displayText: `Node.js ${version} LTS`,
        value: `${version} LTS`,
        stackSettings: {
          linuxRuntimeSettings: {
            runtimeVersion: `Node|${version}`,
            appSettingsDictionary: { FUNCTIONS_WORKER_RUNTIME: "node" },
            supportedFunctionsExtensionVersions: ["~4"],
            Sku: [
              {
                skuCode: "FC1",
                instanceMemoryMB: [512, 2048, 4096].map((size) => ({ size, isDefault: size === 2048 })),
                maximumInstanceCount: {
                  lowestMaximumInstanceCount: 40,
                  highestMaximumInstanceCount: 1000,
                  defaultValue: 100,
                },
                functionAppConfigProperties: { runtime: { name: "node", version } },
              },
            ],
          },
        },
      },
    ],
  }));
  const properties = { displayText: "Node.js", value: "node", preferredOs: "linux", majorVersions };
  return { value: [{ id: null, name: "node", type: "Microsoft.Web/functionAppStacks", properties }] };
}
