import { setTimeout as wait } from "node:timers/promises";
import { type LocalProgram, startLocalProgram } from "./local-stack.ts";

// Commands that are interrupted by Ctrl-C or killed, with everything that they have started. azure-kills does the same to a stack with a
// relay. Each test continues from the previous one.
let example: LocalProgram;

beforeAll(async () => {
  example = await startLocalProgram("examples/direct", { ownSettings: false, checkpoints: true });
}, 60_000);

afterAll(() => example.stop(), 60_000);

const minutes = 60_000;

const faults = () => `${example.cloud.environment.AEP_PLATFORM_URL}/__local/faults`;

/** Sets Platform's answer to every call from now on. */
async function answerAll(effect: object, more: object = {}): Promise<void> {
  const body = JSON.stringify({ target: "gateway", effect, rate: 1, ...more });
  await fetch(faults(), { method: "POST", headers: { "content-type": "application/json" }, body });
}

async function refusals(): Promise<number> {
  const { faults: inForce } = (await (await fetch(faults())).json()) as { faults: { struck: number }[] };
  return inForce.reduce((sum, { struck }) => sum + struck, 0);
}

async function count(kind: "datasets" | "flows"): Promise<number> {
  const answer = await fetch(`${example.cloud.environment.AEP_PLATFORM_URL}/__local/census`);
  return ((await answer.json()) as Record<typeof kind, number>)[kind];
}

/** Waits until the condition holds, or the current command has ended. */
async function until(isSo: () => Promise<boolean>, command: Promise<unknown>): Promise<void> {
  let ended = false;
  const end = () => {
    ended = true;
  };
  command.then(end, end);
  while (!ended && !(await isSo())) await wait(20);
  expect(ended).toBe(false);
}

/** The pending operations in the state. */
async function pendingOperations(): Promise<unknown[]> {
  const state = JSON.parse(await example.pulumi.exportState()) as {
    deployment: { pending_operations?: unknown[] };
  };
  return state.deployment.pending_operations ?? [];
}

test(
  "Ctrl-C ends an up whose calls all wait for Platform's next hour, and leaves a state with which the next up continues",
  async () => {
    // Each call waits as long as Platform asks, which is longer than this test may take.
    await answerAll({ kind: "status", status: 429, retryAfterSeconds: 3600 });
    const up = example.pulumi.up();
    const failed = up.then(
      () => "it should have failed",
      (error: Error) => error.message,
    );
    await until(async () => (await refusals()) > 0, up);
    await example.pulumi.interrupt();
    expect(await failed).toContain("cancel");
    expect(await pendingOperations()).toEqual([]);
    await fetch(faults(), { method: "DELETE" });
  },
  3 * minutes,
);

test(
  "a dataflow that Ctrl-C left unfinished is finished by the next up, also after a refresh",
  async () => {
    const up = example.pulumi.up();
    const failed = up.then(
      () => "it should have failed",
      (error: Error) => error.message,
    );
    await until(async () => (await count("flows")) > 0, up);
    await example.pulumi.interrupt();
    expect(await failed).toContain("Run npx pulumi up again to continue");
    // Platform has enabled it by then, and the refresh finds everything in order.
    await wait(8_000);
    expect(await example.pulumi.refresh()).toContain("Run npx pulumi up again to continue");
    expect(await example.pulumi.preview()).toMatch(/~ aep:index:Dataflow: \(update\)/);
    await example.pulumi.up();
    await example.pulumi.refresh("--expect-no-changes");
    await example.pulumi.destroy();
  },
  3 * minutes,
);

test(
  "an up that is killed with everything it has started is finished by the next one, and destroy leaves nothing",
  async () => {
    const up = example.pulumi.up();
    const failed = up.catch(() => "killed");
    // Each answer is late, so that the kill happens between the effect and its record.
    await answerAll({ kind: "latency", milliseconds: 300 });
    await until(async () => (await count("datasets")) > 0, up);
    await example.pulumi.kill();
    expect(await failed).toBe("killed");
    await fetch(faults(), { method: "DELETE" });

    await example.pulumi.run("cancel", "local", "--yes");
    await example.pulumi.up();
    expect(await count("datasets")).toBe(1);
    await example.pulumi.destroy();
    expect(await example.pulumi.resources()).toEqual([]);
    expect(await example.vendors.leftovers()).toEqual({ Platform: [], "Customer.io": [], Azure: [] });
  },
  6 * minutes,
);

test.each([
  { kind: "datasets", path: "/data/foundation/catalog/dataSets" },
  { kind: "flows", path: "/data/foundation/flowservice/flows" },
] as const)(
  "an up that is killed as soon as there are $kind, and destroyed straight away, leaves nothing at either vendor",
  async ({ kind, path }) => {
    // The answer with the new object is too late.
    await answerAll({ kind: "latency", milliseconds: 3_000 }, { path, afterwards: true });
    const up = example.pulumi.up();
    const failed = up.catch(() => "killed");
    await until(async () => (await count(kind)) > 0, up);
    await example.pulumi.kill();
    expect(await failed).toBe("killed");
    await fetch(faults(), { method: "DELETE" });

    await example.pulumi.run("cancel", "local", "--yes");
    expect(await example.pulumi.destroy()).toContain("which an interrupted run of this stack created");
    expect(await example.pulumi.resources()).toEqual([]);
    const { Platform, "Customer.io": customerIo } = await example.vendors.leftovers();
    expect({ Platform, customerIo }).toEqual({ Platform: [], customerIo: [] });
  },
  3 * minutes,
);
