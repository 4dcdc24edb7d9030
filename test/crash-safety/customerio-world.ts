import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { startCustomerIo } from "../../packages/local-cloud/src/customer-io/customer-io.ts";
import { ReportingWebhooks } from "../../packages/pulumi-customerio/src/client/client.ts";
import { customerioPackage } from "../../packages/pulumi-customerio/src/provider.ts";
import { definitionProvider } from "../../packages/pulumi-provider-kit/src/definition/definition-provider.ts";
import { customerioSubjects } from "../subjects/customerio.ts";
import { listCustomerIo } from "../subjects/listing.ts";
import { answerOf } from "./line.ts";
import { normalWorld } from "./normal-world.ts";
import { type Sweep, sweepOf, type World } from "./world.ts";

const { appApiKey, signingKey } = localCredentials.customerIo;

/** A workspace with the two foreign webhooks with which the stand-in starts. */
export async function customerioWorld(): Promise<World> {
  const standIn = await startCustomerIo({ workspaces: [{ name: "Test", appApiKey, signingKey }] });
  const config = (url: string) => ({ appApiKey, appApiUrl: url });
  return {
    answer: answerOf(standIn),
    package: "customerio",
    config,
    async provider(line, attemptTimeout) {
      const provider = customerioProvider(attemptTimeout);
      await provider.configure(config(line.url));
      return provider;
    },
    // Nothing refers to a webhook's id, which is a number as others are.
    objects: async () => normalWorld((await listCustomerIo(standIn)).map((object) => ({ ...object, id: "(none)" }))),
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

/** A webhook after its ownership, which it does not refer to. */
export const customerioSweeps: readonly Sweep[] = customerioSubjects
  .filter(({ unswept }) => unswept === undefined)
  .map((subject) => sweepOf(subject, customerioSubjects.slice(0, customerioSubjects.indexOf(subject))));
