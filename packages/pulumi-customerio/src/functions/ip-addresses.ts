import type { FunctionDefinition } from "pulumi-provider-kit";
import { z } from "zod";
import type { ReportingWebhooks } from "../client/client.ts";

const args = z.object({});
const result = z.object({
  ipAddresses: z.array(z.string()).meta({ description: "Addresses, without the length of a prefix." }),
});

/** Lists the addresses from which Customer.io calls webhooks, for a firewall. */
export const getIpAddresses: FunctionDefinition<ReportingWebhooks, typeof args, typeof result> = {
  token: "customerio:index:getIpAddresses",
  description:
    "The addresses from which Customer.io calls webhooks, of the account's region. The list changes without notice, and Customer.io holds " +
    "back all events for an hour after a call that a firewall has refused. Customer.io: App API, /v1/info/ip_addresses.",
  args,
  result,
  async call(client, _args, signal) {
    return { ipAddresses: await client.listIpAddresses(signal) };
  },
};
