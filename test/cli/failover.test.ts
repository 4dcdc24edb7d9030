import type { SharedAnswers } from "../../cli/checks/shared-answers.ts";
import { checkWebhook } from "../../cli/checks/webhook.ts";
import { customerIoOf } from "../../cli/clients.ts";
import type { CommandContext } from "../../cli/command/definition.ts";
import { UsageError } from "../../cli/command/usage-error.ts";
import { Progress } from "../../cli/output/progress.ts";
import { evacuateCommand } from "../../cli/region/evacuate-command.ts";
import { explainSharedEndpoint, explainUnfit, redirectWebhook } from "../../cli/region/failover.ts";
import { explainOtherDataset, readCounterpart } from "../../cli/region/other-stack.ts";
import { RelayStorageAccount } from "../../cli/relay/relay-storage.ts";
import { PulumiStack } from "../../cli/stack/pulumi-stack.ts";
import type { StackSource } from "../../cli/stack/source.ts";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { type CustomerIoStandIn, startCustomerIo } from "../../packages/local-cloud/src/customer-io/customer-io.ts";
import { VendorError } from "../../packages/pulumi-provider-kit/src/http/vendor-error.ts";

const { appApiKey, signingKey } = localCredentials.customerIo;
const home = "https://home.example/customerio";
const away = "https://away.example/customerio";

let customerIo: CustomerIoStandIn;
const start = (endpointForm: "as-sent" | "normalized") =>
  startCustomerIo({ workspaces: [{ name: "Test", appApiKey, signingKey }], switches: { endpointForm } });
beforeAll(async () => {
  customerIo = await start("as-sent");
});
afterAll(() => customerIo.close());

/** A source without the engine, with only what a failover reads. */
function sourceOf(
  stack: string,
  { keys = String(signingKey), relayUrl = home, webhookId = 0, disabled = false, hasWebhook = true } = {},
) {
  const secret = { inputs: { name: "customerio-signing-keys", value: keys } };
  return {
    name: "events",
    target: { stack },
    hasRelay: true,
    relayUrl,
    nextSteps: [],
    datasetId: "dataset",
    relayHostName: `${stack}.example`,
    hasStorage: true,
    storageAccount: { id: `/subscriptions/s/storageAccounts/${stack.split("/").at(-1)}` },
    all: (type: string) => {
      if (type === "customerio-aep:index:VaultSecret") return [secret];
      return type === "customerio:index:ReportingWebhook" && hasWebhook ? [{ id: String(webhookId) }] : [];
    },
    resource() {
      if (!hasWebhook) throw new Error("The stack has no webhook.");
      return { id: String(webhookId), inputs: { disabled }, outputs: {} };
    },
    providerSettings: () => ({ appApiKey, appApiUrl: customerIo.url }),
  } as unknown as StackSource;
}

/** Lets the project have every stack, each with one source, and each but prod with another relay. */
function haveStacks(find = (stack: string) => sourceOf(stack, stack === "prod" ? {} : { relayUrl: away })) {
  return jest
    .spyOn(PulumiStack, "read")
    .mockImplementation(async ({ stack = "" }) => ({ name: stack, sources: [find(stack)] }) as unknown as PulumiStack);
}

async function evacuateTo(to: string, source: StackSource, isOtherWanted = false, other?: StackSource) {
  const read = haveStacks(other && (() => other));
  const context: CommandContext = {
    isJson: false,
    isOneOfSeveral: false,
    signal: new AbortController().signal,
    progress: new Progress(undefined),
    print: () => undefined,
    printJson: () => undefined,
  };
  const values = { to, once: true, "into-other-dataset": isOtherWanted };
  return evacuateCommand.run(source, values, context).finally(() => read.mockRestore());
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
    expect(await explainUnfit(both, prod(), well)).toBeUndefined();
  });

  test("that has only the former one of two signing keys: Customer.io signs with the newest", async () => {
    const rotated = sourceOf("prod", { keys: `${signingKey}\nthe-key-after-a-rotation` });
    expect(await explainUnfit(rotated, sourceOf("prod-west"), healthOf(200, { signingKeys: true }))).toMatch(
      /^The relay of the stack prod-west does not know the newest signing key of the stack prod, .*npx customerio-aep signing-key --add --stack prod-west/,
    );
  });
});

describe("a webhook", () => {
  const { signal } = new AbortController();
  const settings = { name: "Events", events: ["email_sent", "email_opened"], fullResolution: true, withContent: true };

  async function make(disabled: boolean, endpoint = home) {
    const webhooks = customerIoOf(sourceOf("prod"));
    const wanted = { ...settings, name: `Events ${Math.random()}`, endpoint, disabled };
    const { webhook } = await webhooks.createDisabled(wanted, signal, {
      isHeld: () => false,
      isDeleted: () => false,
      importCommand: String,
    });
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
      "it was deleted, or the App API key belongs to another workspace",
    );
    // An up with a key of another workspace would create a second webhook, there.
    expect(await checkWebhook(sourceOf("prod", { webhookId: webhook.id }))).toMatchObject({
      verdict: "broken",
      todo: expect.stringMatching(
        /^If someone has changed customerio:appApiKey, .* npx pulumi up --refresh --stack prod$/,
      ),
    });
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
    const { verdict, todo, found } = await checkWebhook(source);
    expect(verdict).toBe("broken");
    // The rest of an address may be a secret.
    expect(found).toContain(`posts to an address of ${new URL(away).host}, not to`);
    expect(found).not.toContain(away);
    expect(todo).toContain("npx customerio-aep failover --to prod --stack prod");
  });

  describe("whose endpoint Customer.io writes in another form", () => {
    const [asSet, other] = ["https://Home.example:443/customerio", "https://Away.example:443/customerio"];
    beforeAll(async () => {
      await customerIo.close();
      customerIo = await start("normalized");
    });
    afterAll(async () => {
      await customerIo.close();
      customerIo = await start("as-sent");
    });

    test("posts to its relay, and is redirected once", async () => {
      const { webhooks, webhook } = await make(false, asSet);
      expect(webhook.endpoint).not.toBe(asSet);
      const source = sourceOf("prod", { webhookId: webhook.id, relayUrl: asSet });
      expect(await checkWebhook(source)).toMatchObject({ verdict: "fine" });
      const turn = (endpoint: string) => redirectWebhook(webhooks, { id: webhook.id, endpoint, signal });
      expect((await turn(asSet)).isChanged).toBe(false);
      expect((await turn(other)).isChanged).toBe(true);
      expect(await checkWebhook(source)).toMatchObject({ verdict: "broken" });
    });

    test("keeps its relay from being emptied", async () => {
      const { webhook } = await make(false, asSet);
      await expect(
        evacuateTo("prod-west", sourceOf("prod", { webhookId: webhook.id, relayUrl: asSet })),
      ).rejects.toThrow("still posts to the relay of the stack prod. Redirect it first");
    });
  });

  test("of a standby stack is fine, and a disabled one of an active stack is not", async () => {
    const { webhook } = await make(true);
    const by = (disabled: boolean) => checkWebhook(sourceOf("prod-west", { webhookId: webhook.id, disabled }));
    expect((await by(true)).verdict).toBe("fine");
    expect((await by(false)).verdict).toBe("broken");
  });

  test("of the other stack keeps a relay from being emptied before it was pointed back", async () => {
    const { webhook: own } = await make(true, away);
    const { webhook: redirected } = await make(false, away);
    const west = sourceOf("prod-west", { webhookId: own.id, relayUrl: away });
    const prod = sourceOf("prod", { webhookId: redirected.id });
    await expect(evacuateTo("prod", west, false, prod)).rejects.toThrow(
      `The webhook "${redirected.name}" (${redirected.id}) still posts to the relay of the stack prod-west. Redirect it first: ` +
        "npx customerio-aep failover --to prod --stack prod",
    );
  });

  test.each([true, false])(
    "that is gone does not keep a relay from being emptied; the other one is there: %s",
    async (hasWebhook) => {
      const { webhook } = await make(true, away);
      const prod = sourceOf("prod", { hasWebhook: false });
      const west = sourceOf("prod-west", { webhookId: webhook.id, relayUrl: away, hasWebhook });
      const open = jest.spyOn(RelayStorageAccount, "open").mockRejectedValue(new Error("as far as the storage"));
      const evacuated = evacuateTo("prod-west", prod, false, west);
      await expect(evacuated.finally(() => open.mockRestore())).rejects.toThrow("as far as the storage");
    },
  );

  test("of neither stack has to be redirected or disabled first", async () => {
    const own = "https://half-destroyed.example/customerio";
    const { webhook } = await make(false, own);
    await expect(evacuateTo("prod-west", sourceOf("prod", { relayUrl: own, hasWebhook: false }))).rejects.toThrow(
      `The webhook "${webhook.name}" (${webhook.id}) still posts to the relay of the stack prod. Redirect it first, from the stack that has ` +
        "it, or disable it in Customer.io if none has it.",
    );
  });

  test("does not keep a relay from being emptied if both stacks have its address: the front door decides", async () => {
    const { webhook } = await make(false);
    const prod = sourceOf("prod", { webhookId: webhook.id });
    const open = jest.spyOn(RelayStorageAccount, "open").mockRejectedValue(new Error("as far as the storage"));
    const evacuated = evacuateTo("prod-west", prod, false, sourceOf("prod-west"));
    await expect(evacuated.finally(() => open.mockRestore())).rejects.toThrow("as far as the storage");
  });

  test("nothing is moved into another dataset, unless that is asked for, since rows can't be taken back", async () => {
    const { webhook } = await make(false);
    const prod = { ...sourceOf("prod", { webhookId: webhook.id }), datasetId: "other" } as unknown as StackSource;
    await expect(evacuateTo("prod-west", prod)).rejects.toThrow(
      new UsageError(
        "The stack prod-west has a different dataset: rows go to dataset, and not to other. To use one dataset for both, set its " +
          "dataset.existing. Nothing was moved. To move it anyway, add --into-other-dataset.",
      ),
    );
    // It gets as far as the next check.
    await expect(evacuateTo("prod-west", prod, true)).rejects.toThrow("still posts to the relay of the stack prod");
  });
});

test("a failover to any name of the own stack points back, and to another stack does not", async () => {
  const read = haveStacks();
  const prod = sourceOf("prod");
  for (const name of ["prod", "org/prod", "org/project/prod"]) expect(await readCounterpart(prod, name)).toBe(prod);
  expect((await readCounterpart(sourceOf("org/prod"), "prod")).target.stack).toBe("org/prod");
  expect((await readCounterpart(prod, "org/prod-west")).target.stack).toBe("org/prod-west");
  read.mockRestore();
});

test.each(["prod", "org/prod", "org/project/prod"])(
  "a relay can't be emptied into itself, as --to %s",
  async (name) => {
    await expect(evacuateTo(name, sourceOf("prod"))).rejects.toThrow(
      `--to is invalid: ${name} is the stack whose relay is to be emptied.`,
    );
  },
);

test("nor any of several sources, before one of them is emptied", () => {
  const values = { to: "prod" } as never;
  const check = () => evacuateCommand.checkSources?.(values, [sourceOf("prod")], AbortSignal.timeout(1_000));
  expect(check).toThrow("--to is invalid: prod is the stack whose relay is to be emptied.");
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
