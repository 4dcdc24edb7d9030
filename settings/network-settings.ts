import { isIP } from "node:net";
import { z } from "zod";

/** Azure's limit of access restrictions of a site, less the one for the availability test. */
const mostAddresses = 511;

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

/** From where the relay may be called. */
export const allowedCallers = z
  .strictObject({
    customerIo: z.boolean().default(false).meta({
      description: "Whether the addresses may call that Customer.io's API lists for the region when `up` runs.",
    }),
    addresses: z.array(addressRange).default([]).meta({
      description: "Other addresses or ranges that may send events, such as those of a proxy or a load balancer.",
    }),
    operators: z
      .array(addressRange)
      .default([])
      .meta({
        description:
          "Addresses or ranges from where `npx pulumi` and `npx customerio-aep` run. They may call the relay too, and they alone may call its " +
          "deployment site.",
      }),
  })
  .refine(
    ({ customerIo, addresses, operators }) => operators.length > 0 || (!customerIo && addresses.length === 0),
    "operators must name where npx pulumi runs: it deploys the code and asks the relay how it is",
  )
  .refine(
    ({ customerIo, addresses, operators }) => operators.length === 0 || customerIo || addresses.length > 0,
    "operators alone would leave nobody to send events: set customerIo, or addresses",
  )
  .refine(
    ({ addresses, operators }) => addresses.length + operators.length <= mostAddresses,
    `Azure takes ${mostAddresses} addresses at most`,
  );

export type AllowedCallers = z.output<typeof allowedCallers>;
