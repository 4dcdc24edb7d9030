import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type LocalStack, startLocalStack } from "./local-stack.ts";
import { eventOf, findMissing } from "./traffic.ts";

// Instances with the former settings keep running while `up` changes the mapping, and get every second call.
let stack: LocalStack;
const sent: string[] = [];
const minutes = 60_000;

/** Milliseconds: longer than `up` takes from the change of the settings to its end, by half a minute or so. */
const formerInstances = 60_000;

beforeAll(async () => {
  stack = await startLocalStack();
  await stack.pulumi.up();
}, 4 * minutes);
afterAll(() => stack.stop(), 60_000);

async function emit(): Promise<string> {
  const id = `traffic-${sent.length}`;
  sent.push(id);
  await stack.vendors.emit([eventOf(id)]);
  return id;
}

/** The log lines of the relay's instances. */
async function relayLog(): Promise<string> {
  const folder = path.dirname(stack.configFile);
  const files = (await readdir(folder, { recursive: true })).filter((file) => path.basename(file) === "host.log");
  return (await Promise.all(files.map((file) => readFile(path.join(folder, file), "utf8")))).join("");
}

async function ask<T>(url: string, body?: object): Promise<T> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(url, body && { method: "POST", headers, body: JSON.stringify(body) });
  return (await answer.json()) as T;
}

test(
  "a changed mapping, signing key and treatment of personal data are in force everywhere when up is done, and nothing is lost",
  async () => {
    const { cloud, pulumi, vendors } = stack;
    const { datasetId, dataflowId } = await pulumi.outputs();
    await emit();
    expect(await findMissing(stack.vendors, sent)).toEqual([]);

    await vendors.switchAzure({ formerInstances });
    const rotation = `${cloud.environment.CUSTOMERIO_APP_API_URL}/__local/signing-key`;
    const { signingKey: old } = await ask<{ signingKey: string }>(rotation);
    const { signingKey: rotated } = await ask<{ signingKey: string }>(`${rotation}/rotate`, { overlapSeconds: 1e6 });
    await pulumi.configureSecret("signingKeys", `${old}\n${rotated}`);
    await pulumi.configure("personalData.email", "drop", "--path");
    await pulumi.configure("mapping.set[0].destination", "eventType", "--path");
    await pulumi.configure("mapping.set[0].expression", "dformat(${timestamp} * 1000, 'yyyy')", "--path");
    let isDone = false;
    const traffic = (async () => {
      for (; !isDone; await wait(200)) {
        await emit();
        // A call that a former instance refuses is repeated, and holds up the others until then.
        await vendors.passTime(60);
      }
    })();
    await pulumi.up().finally(() => {
      isDone = true;
    });
    await traffic;

    expect((await pulumi.outputs()).dataflowId).not.toBe(dataflowId);
    // The former dataflow is deleted, but instances that would post to it still run.
    expect((await ask<{ flows: number }>(`${cloud.environment.AEP_PLATFORM_URL}/__local/census`)).flows).toBe(1);
    const hosts = (await vendors.leftovers()).Azure.filter((line) => line.startsWith("function-host"));
    expect(hosts).toHaveLength(2);
    await vendors.passTime(1e6);
    const late = new Set([await emit(), await emit(), await emit(), await emit()]);

    expect(await findMissing(stack.vendors, sent)).toEqual([]);
    const { refusals } = await ask<{ refusals: object }>(`${cloud.environment.AEP_PLATFORM_URL}/__local/journal`);
    expect(refusals).toEqual({});
    expect(await vendors.lostIds()).toEqual([]);
    expect(await vendors.deadLetteredIds()).toEqual([]);
    const rows = (await vendors.rows(String(datasetId))).filter(({ _id }) => late.has(String(_id)));
    expect(rows.map(({ eventType }) => eventType)).toEqual(["2021", "2021", "2021", "2021"]);
    expect(JSON.stringify(rows)).not.toContain("test@example.com");

    const log = await relayLog();
    // Both kinds have tried to send, and to accept calls, some of them signed with a key that they do not have.
    expect(log).toMatch(/"outcome\W+waiting\W[^}]*newer settings have replaced those of this instance/);
    expect(log).toMatch(/"outcome\W+closed\W[^}]*newer settings have replaced those of this instance/);
    expect(log).not.toMatch(/outcome\W+refused/);
  },
  6 * minutes,
);
