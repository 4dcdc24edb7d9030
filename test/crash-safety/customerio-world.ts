import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { startCustomerIo } from "../../packages/local-cloud/src/customer-io/customer-io.ts";
import { ReportingWebhooks } from "../../packages/pulumi-customerio/src/client/client.ts";
import { customerioPackage } from "../../packages/pulumi-customerio/src/provider.ts";
import { definitionProvider } from "../../packages/pulumi-provider-kit/src/definition/definition-provider.ts";
import { normalWorld } from "./normal-world.ts";
import type { Subject, World } from "./world.ts";

const { appApiKey, signingKey } = localCredentials.customerIo;

/** A workspace of its own, with the two webhooks of others that the stand-in starts with. */
export async function customerioWorld(): Promise<World> {
  const standIn = await startCustomerIo({ workspaces: [{ name: "Test", appApiKey, signingKey }] });
  const config = (url: string) => ({ appApiKey, appApiUrl: url });
  const list = async () => {
    const answer = await fetch(`${standIn.url}/v1/reporting_webhooks`, {
      headers: { authorization: `Bearer ${appApiKey}` },
    });
    const { reporting_webhooks: webhooks } = (await answer.json()) as { reporting_webhooks: { id: number }[] };
    return webhooks;
  };
  return {
    url: standIn.url,
    package: "customerio",
    config,
    async provider(line, attemptTimeout) {
      const provider = customerioProvider(attemptTimeout);
      await provider.configure(config(line.url));
      return provider;
    },
    objects: async () =>
      normalWorld((await list()).map((item) => ({ kind: "webhook", id: "(none)", item: { ...item } }))),
    rest: async () => {
      const headers = { "content-type": "application/json" };
      await fetch(`${standIn.url}/__local/clock`, { method: "POST", headers, body: '{"advanceSeconds":1}' });
    },
    close: () => standIn.close(),
  };
}

/** The provider with waits that take no time. */
function customerioProvider(attemptTimeout = 30_000) {
  const sleep = async () => undefined;
  const connect: typeof customerioPackage.connect = (settings) =>
    new ReportingWebhooks(settings, sleep, { sleep, attemptTimeout });
  return definitionProvider({ ...customerioPackage, connect });
}

const claim = { name: "Relay (dev)", endpoint: "https://relay.example/customerio" };

export const customerioSubjects: readonly Subject[] = [
  {
    type: "customerio:index:ReportingWebhook",
    needs: [{ name: "ownership", type: "customerio:index:Ownership", inputs: { ...claim } }],
    inputs: () => ({
      ...claim,
      events: ["email_sent", "customer_subscribed"],
    }),
    change: (inputs) => ({ ...inputs, events: ["sms_sent"], withContent: true }),
  },
];
