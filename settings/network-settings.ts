import { isIP } from "node:net";
import { z } from "zod";

/** Azure's limit of access restrictions of a site, less those for the availability test and Azure Front Door. */
const mostAddresses = 510;

/** An address, or a range of addresses in CIDR notation. */
const addressRange = z
  .string()
  .refine(isAddressRange, "it must be an address such as 203.0.113.7, or a range such as 203.0.113.0/24");

function isAddressRange(text: string): boolean {
  const [address = "", length, ...rest] = text.split("/");
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  if (length === undefined) return bits > 0;
  return rest.length === 0 && /^\d{1,3}$/.test(length) && Number(length) <= bits;
}

/** The addresses from which the relay may be called. */
export const allowedCallers = z
  .strictObject({
    customerIo: z.boolean().default(false).meta({
      description: "Whether to allow the addresses that Customer.io's API lists for the region when `up` runs.",
    }),
    addresses: z.array(addressRange).default([]).meta({
      description: "Other addresses or ranges that may send events, such as those of a proxy or a load balancer.",
    }),
    frontDoorIds: z
      .array(z.guid("it must be a Front Door ID such as 00000000-0000-0000-0000-000000000000"))
      .max(8, "Azure accepts at most 8 Front Door IDs")
      .default([])
      .meta({
        description:
          "Profiles of Azure Front Door that may call the relay, by the *Front Door ID* that the portal shows (`az afd profile show --query " +
          "frontDoorId`). Calls through other profiles are refused.",
      }),
    operators: z
      .array(addressRange)
      .default([])
      .meta({
        description:
          "Addresses or ranges where `npx pulumi` and `npx customerio-aep` run. They may call the relay too, and they alone may call its " +
          "deployment site.",
      }),
  })
  .refine(
    ({ operators, ...senders }) => operators.length > 0 || !hasSenders(senders),
    "operators must contain the address of the machine that runs Pulumi: it deploys the code and checks the health of the relay",
  )
  .refine(
    ({ operators, ...senders }) => operators.length === 0 || hasSenders(senders),
    "with operators alone, nobody could send events: set customerIo, addresses or frontDoorIds",
  )
  .refine(
    ({ addresses, operators }) => addresses.length + operators.length <= mostAddresses,
    `Azure accepts at most ${mostAddresses} addresses`,
  );

export type AllowedCallers = z.output<typeof allowedCallers>;

function hasSenders(senders: { customerIo: boolean; addresses: string[]; frontDoorIds: string[] }): boolean {
  return senders.customerIo || senders.addresses.length > 0 || senders.frontDoorIds.length > 0;
}

/** An address of the user's own for the relay; empty: the function app's. */
export const webhookEndpoint = z
  .string()
  .refine(
    (address) => address === "" || isDomainAddress(address),
    "it must be an address such as https://events.example.com/customerio",
  )
  // The output relayUrl shows it, as do messages. The relay checks the signature of each event, so it needs no key.
  .refine(
    (address) => !hasKey(address),
    "it must be an address without user name, password and query, since the stack's output relayUrl shows it",
  );

/** Customer.io needs a certificate that it trusts, which nobody gets for an IP address by the usual ways. */
function isDomainAddress(address: string): boolean {
  const url = URL.parse(address);
  return url?.protocol === "https:" && z.regexes.domain.test(url.hostname) && !/^[\d.]+$/.test(url.hostname);
}

function hasKey(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && [url.username, url.password, url.search].some((part) => part !== "");
}

function idOf(pattern: RegExp, form: string, what: string) {
  return z
    .string()
    .regex(pattern, `it must be an id: /subscriptions/…/resourceGroups/…/providers/${form}`)
    .optional()
    .meta({ description: what });
}

const subnetPattern =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Network\/virtualNetworks\/[^/]+\/subnets\/[^/]+$/i;

function subnetId(what: string) {
  return idOf(subnetPattern, "Microsoft.Network/virtualNetworks/…/subnets/…", what);
}

function zoneId(zone: string) {
  const pattern = new RegExp(
    `^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\\.Network/privateDnsZones/${zone.replaceAll(".", "\\.")}$`,
    "i",
  );
  return idOf(pattern, `Microsoft.Network/privateDnsZones/${zone}`, `Zone \`${zone}\`.`);
}

/** The services that private endpoints stand for, each with the zone in which Azure looks its addresses up. */
export const privateZones = {
  blob: "privatelink.blob.core.windows.net",
  queue: "privatelink.queue.core.windows.net",
  table: "privatelink.table.core.windows.net",
  vault: "privatelink.vaultcore.azure.net",
} as const;

export type PrivateService = keyof typeof privateZones;

/** Whether storage and vault can be reached through a virtual network alone, and which. */
export const privateNetwork = z
  .strictObject({
    enabled: z
      .boolean()
      .optional()
      .meta({
        description:
          "Whether the relay reaches storage and vault through a virtual network, and nothing reaches them from outside. Set it to `false`, and do " +
          "not remove it, to open them again.",
      }),
    publicAccess: z.boolean().default(false).meta({
      description:
        "Whether storage and vault can be reached from outside as well: the first of two steps for a relay that already receives events.",
    }),
    addressSpace: z
      .string()
      .refine(
        (range) => /^[\d.]+\.0\/24$/.test(range) && isAddressRange(range),
        "it must be a range of 256 addresses such as 10.213.0.0/24",
      )
      .default("10.213.0.0/24")
      .meta({ description: "Addresses of the virtual network that the program creates." }),
    appSubnetId: subnetId(
      "Existing subnet for the function app, delegated to `Microsoft.App/environments`, of 32 addresses or more, in the relay's region.",
    ),
    endpointSubnetId: subnetId(
      "Existing subnet for the private endpoints, in the same virtual network or one that is peered with it.",
    ),
    dnsZoneIds: z
      .strictObject({
        blob: zoneId(privateZones.blob),
        queue: zoneId(privateZones.queue),
        table: zoneId(privateZones.table),
        vault: zoneId(privateZones.vault),
      })
      .optional()
      .meta({ description: "Existing private DNS zones, which must be linked to the virtual network." }),
  })
  .refine(
    ({ appSubnetId, endpointSubnetId }) => (appSubnetId === undefined) === (endpointSubnetId === undefined),
    "appSubnetId and endpointSubnetId belong together: set both, or neither",
  )
  .refine(
    ({ appSubnetId, endpointSubnetId }) =>
      appSubnetId === undefined || appSubnetId.toLowerCase() !== endpointSubnetId?.toLowerCase(),
    "appSubnetId and endpointSubnetId must differ: a delegated subnet can't contain anything else",
  )
  .refine(
    ({ appSubnetId }) => !appSubnetId?.split("/").at(-1)?.includes("_"),
    "appSubnetId must be of a subnet without an underscore in its name, which Flex Consumption does not accept",
  )
  .refine(
    ({ dnsZoneIds = {} }) => [0, Object.keys(privateZones).length].includes(Object.keys(dnsZoneIds).length),
    "dnsZoneIds must have all of blob, queue, table and vault",
  )
  .refine(
    ({ enabled, appSubnetId, dnsZoneIds }) =>
      enabled === true || (appSubnetId === undefined && dnsZoneIds === undefined),
    "enabled must be true for subnets or zones to be used",
  );

export type PrivateNetwork = z.output<typeof privateNetwork>;
