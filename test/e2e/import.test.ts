import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { ByHand, type Json } from "../../packages/pulumi-aep/test/by-hand.ts";
import { type MadeByHand, makeTutorialObjects } from "../../packages/pulumi-aep/test/tutorial-objects.ts";
import { type LocalProgram, startLocalProgram } from "./local-stack.ts";

// Objects created by hand as in Adobe's tutorial are imported with the real engine. Each test continues from the previous one.
let program: LocalProgram;
let byHand: ByHand;
let objects: Record<string, MadeByHand>;
let webhookId: string;

const { tenantId, ...credential } = localCredentials.platform;
const minutes = 60_000;

beforeAll(async () => {
  program = await startLocalProgram("test/e2e/imported", { ownSettings: false });
  byHand = new ByHand(program.cloud.environment.AEP_PLATFORM_URL ?? "", credential);
  objects = await makeTutorialObjects(byHand, tenantId);
  const { options } = await dataflow();
  const endpoint = `${options.inletUrl}?x-adobe-flow-id=${objects.Dataflow?.id}`;
  const { id } = await webhookCall("POST", "", { name: "Adobe Experience Platform", endpoint, events: subscribed });
  webhookId = String(id);
}, 60_000);

afterAll(() => program.stop(), 60_000);

const subscribed = ["customer_subscribed", "email_opened", "email_sent"];

test(
  "after an import by the ids that the screens show, in bulk and one by one, the next preview has no change",
  async () => {
    const file = path.join(path.dirname(program.logFile), "import.json");
    const resources = Object.entries(objects).map(([type, { id }]) => ({
      type: `aep:index:${type}`,
      name: type.charAt(0).toLowerCase() + type.slice(1),
      id,
    }));
    await writeFile(file, JSON.stringify({ resources }));
    await runPulumi("import", "--file", file);
    await runPulumi("import", "customerio:index:ReportingWebhook", "webhook", webhookId);
    expect(await program.pulumi.resources()).toHaveLength(resources.length + 1);
    await program.pulumi.preview("--expect-no-changes");
  },
  2 * minutes,
);

test(
  "a refresh shows what someone then changes by hand, and the next up repairs it",
  async () => {
    await byHand.call("PATCH", `/catalog/dataSets/${objects.Dataset?.id}`, { name: "By hand" });
    const flow = `/flowservice/flows/${objects.Dataflow?.id}`;
    const rename = [{ op: "replace", path: "/name", value: "By hand" }];
    await byHand.call("PATCH", flow, rename, { "If-Match": (await dataflow()).etag });
    await byHand.call("POST", `${flow}/action?op=disable`);
    await webhookCall("PUT", `/${webhookId}`, { events: ["email_opened"], disabled: true });

    const shown = await program.pulumi.refresh("--diff");
    for (const line of [
      '~ name: "Customer.io events" => "By hand"',
      '~ name   : "Customer.io dataflow" => "By hand"',
      "~ enabled: true => false",
      "~ disabled: false => true",
      '- [2]: "email_opened"',
    ]) {
      expect(shown).toContain(line);
    }
    const repaired = await program.pulumi.up();
    expect(repaired).toMatch(/~ 3 updated\s+9 unchanged/);
    await program.pulumi.refresh("--expect-no-changes");
    expect(await dataflow()).toMatchObject({ name: "Customer.io dataflow", state: "enabled" });
    const { events, disabled } = await webhookCall("GET", `/${webhookId}`);
    expect([new Set(events as string[]), disabled]).toEqual([new Set(subscribed), false]);
  },
  2 * minutes,
);

test("the imported streaming URL is in no state and no log in plain text", async () => {
  expect(await readFile(program.logFile, "utf8")).not.toContain("/collection/");
});

/** The engine that is built here if none can be downloaded generates no code for imports. */
function runPulumi(...command: string[]): Promise<string> {
  return program.pulumi.run(...command, "--yes", "--generate-code=false", "--stack", "local");
}

async function dataflow(): Promise<{ name: string; state: string; etag: string; options: Json }> {
  const { items } = await byHand.call<{ items: Awaited<ReturnType<typeof dataflow>>[] }>(
    "GET",
    `/flowservice/flows/${objects.Dataflow?.id}`,
  );
  const [item] = items;
  if (!item) throw new Error("The dataflow is gone.");
  return item;
}

/** A call to the App API by hand. */
async function webhookCall(method: string, suffix: string, body?: object): Promise<Json> {
  const url = `${program.cloud.environment.CUSTOMERIO_APP_API_URL}/v1/reporting_webhooks${suffix}`;
  const headers = {
    Authorization: `Bearer ${localCredentials.customerIo.appApiKey}`,
    "Content-Type": "application/json",
  };
  const answer = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Json;
}
