import type { SharedAnswers } from "../../cli/checks/shared-answers.ts";
import { checkWebhook } from "../../cli/checks/webhook.ts";
import { customerIoOf } from "../../cli/clients.ts";
import { explainSharedEndpoint, explainUnfit, redirectWebhook } from "../../cli/region/failover.ts";
import { explainOtherDataset } from "../../cli/region/other-stack.ts";
import type { StackSource } from "../../cli/stack/source.ts";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { type CustomerIoStandIn, startCustomerIo } from "../../packages/local-cloud/src/customer-io/customer-io.ts";
import { VendorError } from "../../packages/pulumi-provider-kit/src/http/vendor-error.ts";

const { appApiKey, signingKey } = localCredentials.customerIo;
const home = "https://home.example/customerio";
const away = "https://away.example/customerio";

let customerIo: CustomerIoStandIn;
beforeAll(async () => {
  customerIo = await startCustomerIo({ workspaces: [{ name: "Test", appApiKey, signingKey }] });
});
afterAll(() => customerIo.close());

/** A source without the engine, with only what a failover reads. */
function sourceOf(stack: string, { keys = String(signingKey), relayUrl = home, webhookId = 0, disabled = false } = {}) {
  const secret = { inputs: { name: "customerio-signing-keys", value: keys } };
  return {
    name: "events",
    target: { stack },
    hasRelay: true,
    relayUrl,
    nextSteps: [],
    datasetId: "dataset",
    relayHostName: `${stack}.example`,
    all: (type: string) => (type === "customerio-aep:index:VaultSecret" ? [secret] : []),
    resource: () => ({ id: String(webhookId), inputs: { disabled }, outputs: {} }),
    providerSettings: () => ({ appApiKey, appApiUrl: customerIo.url }),
  } as unknown as StackSource;
}

const healthOf = (status: number | undefined, body: object | string): Pick<SharedAnswers, "health"> => ({
  health: async () => ({ status, text: typeof body === "string" ? body : JSON.stringify(body) }) as never,
});

describe("the webhook is not pointed at a relay", () => {
  const prod = () => sourceOf("prod");
  test.each([
    [
      "that does not answer",
      undefined,
      "connection refused",
      /prod-west can't accept events: its \/health did not answer/,
    ],
    ["that is not well", 503, { status: "unavailable" }, /its \/health answered 503/],
    ["that is being taken down", 200, { signingKeys: true, intake: "closed" }, /its intake is closed/],
    ["that has no signing key", 200, { signingKeys: false }, /has no signing key\. Copy the signing key/],
    ["whose answer is something else", 200, "<html>", /has no signing key/],
  ])("%s", async (_name, status, body, said) => {
    expect(await explainUnfit(prod(), sourceOf("prod-west"), healthOf(status, body))).toMatch(said);
  });

  test("that has none of the signing keys", async () => {
    const well = healthOf(200, { signingKeys: true });
    const other = sourceOf("prod-west", { keys: "another-key-of-another-workspace" });
    expect(await explainUnfit(prod(), other, well)).toMatch(
      /^The relay of the stack prod-west does not know any signing key of the stack prod, .*npx customerio-aep signing-key --stack prod-west/,
    );
    const both = sourceOf("prod-west", { keys: `another-key-of-another-workspace\n${signingKey}` });
    expect(await explainUnfit(prod(), both, well)).toBeUndefined();
  });
});

describe("a webhook", () => {
  const { signal } = new AbortController();
  const settings = { name: "Events", events: ["email_sent", "email_opened"], fullResolution: true, withContent: true };

  async function make(disabled: boolean) {
    const webhooks = customerIoOf(sourceOf("prod"));
    const wanted = { ...settings, name: `Events ${Math.random()}`, endpoint: home, disabled };
    const { webhook } = await webhooks.createDisabled(wanted, signal, () => false);
    return { webhooks, webhook: await webhooks.update(webhook.id, wanted, signal) };
  }

  test.each([false, true])(
    "keeps everything but its endpoint when it is redirected, and back; disabled: %s",
    async (disabled) => {
      const { webhooks, webhook } = await make(disabled);
      const { id, name } = webhook;
      const turn = (endpoint: string) => redirectWebhook(webhooks, { id, endpoint, signal });
      expect(await turn(away)).toEqual({ isChanged: true, name, isDisabled: disabled });
      const { events, ...rest } = (await webhooks.get(id, signal)) ?? webhook;
      expect({ ...rest, events: [...events].sort() }).toEqual({
        ...webhook,
        endpoint: away,
        events: [...webhook.events].sort(),
      });
      expect((await turn(away)).isChanged).toBe(false);
      expect((await turn(home)).isChanged).toBe(true);
    },
  );

  test("that was deleted can't be redirected", async () => {
    const { webhooks, webhook } = await make(false);
    await webhooks.delete(webhook.id, signal);
    await expect(redirectWebhook(webhooks, { id: webhook.id, endpoint: away, signal })).rejects.toThrow(
      "it was deleted",
    );
  });

  test("does not count as redirected if Customer.io fails", async () => {
    const { webhook } = await make(false);
    const failing = { get: async () => webhook, update: async () => Promise.reject(new VendorError("503", {})) };
    await expect(redirectWebhook(failing, { id: webhook.id, endpoint: away, signal })).rejects.toThrow("503");
    const unmoved = { get: async () => webhook, update: async () => webhook };
    await expect(redirectWebhook(unmoved, { id: webhook.id, endpoint: away, signal })).rejects.toThrow(
      "posts elsewhere",
    );
  });

  test("that posts to another relay is reported with the command that restores it", async () => {
    const { webhooks, webhook } = await make(false);
    const source = sourceOf("prod", { webhookId: webhook.id });
    expect((await checkWebhook(source)).verdict).toBe("fine");
    await redirectWebhook(webhooks, { id: webhook.id, endpoint: away, signal });
    const { verdict, todo } = await checkWebhook(source);
    expect(verdict).toBe("broken");
    expect(todo).toContain("npx customerio-aep failover --to prod --stack prod");
  });

  test("of a standby stack is fine, and a disabled one of an active stack is not", async () => {
    const { webhook } = await make(true);
    const by = (disabled: boolean) => checkWebhook(sourceOf("prod-west", { webhookId: webhook.id, disabled }));
    expect((await by(true)).verdict).toBe("fine");
    expect((await by(false)).verdict).toBe("broken");
  });
});

test("two stacks with one address leave the choice to its front door", () => {
  expect(explainSharedEndpoint(sourceOf("prod"), sourceOf("prod-west"))).toMatch(
    /same webhookEndpoint, https:\/\/home\.example\/customerio.*Point its front door at prod-west\.example/,
  );
});

test("another dataset is reported, with the setting that selects the same one", () => {
  const prod = sourceOf("prod");
  expect(explainOtherDataset(prod, sourceOf("prod-west"))).toBeUndefined();
  const other = { ...sourceOf("prod-west"), datasetId: "other" } as unknown as StackSource;
  expect(explainOtherDataset(prod, other)).toMatch(/rows go to other, and not to dataset\. .*dataset\.existing/);
});
