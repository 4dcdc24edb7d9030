import { setTimeout as wait } from "node:timers/promises";
import { type LocalProgram, type LocalStack, startLocalProgram, startLocalStack } from "./local-stack.ts";

// Commands that are interrupted by Ctrl-C or killed. Each test continues from the previous one.
let stack: LocalStack;
let example: LocalProgram;

beforeAll(async () => {
  stack = await startLocalStack({ checkpoints: true });
  example = await startLocalProgram("examples/direct", { ownSettings: false, checkpoints: true });
}, 60_000);

afterAll(() => Promise.all([stack.stop(), example.stop()]), 60_000);

const minutes = 60_000;

type Of = Pick<LocalStack, "cloud">;

const faults = ({ cloud }: Of) => `${cloud.environment.AEP_PLATFORM_URL}/__local/faults`;

/** Sets Platform's answer to every call from now on. */
async function answerAll(of: Of, effect: object, more: object = {}): Promise<void> {
  const body = JSON.stringify({ target: "gateway", effect, rate: 1, ...more });
  await fetch(faults(of), { method: "POST", headers: { "content-type": "application/json" }, body });
}

async function refusals(of: Of): Promise<number> {
  const { faults: inForce } = (await (await fetch(faults(of))).json()) as { faults: { struck: number }[] };
  return inForce.reduce((sum, { struck }) => sum + struck, 0);
}

async function count({ cloud }: Of, kind: "fieldGroups" | "datasets" | "flows"): Promise<number> {
  const answer = await fetch(`${cloud.environment.AEP_PLATFORM_URL}/__local/census`);
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
  const state = JSON.parse(await stack.pulumi.exportState()) as {
    deployment: { pending_operations?: unknown[] };
  };
  return state.deployment.pending_operations ?? [];
}

test(
  "Ctrl-C ends an up whose calls all wait for Platform's next hour, and leaves a state with which the next up continues",
  async () => {
    // Each call waits as long as Platform asks, which is longer than this test may take.
    await answerAll(stack, { kind: "status", status: 429, retryAfterSeconds: 3600 });
    const up = stack.pulumi.up();
    const failed = up.then(
      () => "it should have failed",
      (error: Error) => error.message,
    );
    await until(async () => (await refusals(stack)) > 0, up);
    await stack.pulumi.interrupt();
    expect(await failed).toContain("cancel");
    expect(await pendingOperations()).toEqual([]);
    await fetch(faults(stack), { method: "DELETE" });
  },
  3 * minutes,
);

test(
  "an up that is killed with everything it has started is finished by the next one, and destroy leaves nothing",
  async () => {
    const up = stack.pulumi.up();
    const failed = up.catch(() => "killed");
    // Each answer is late, so that the kill happens between the effect and its record.
    await answerAll(stack, { kind: "latency", milliseconds: 300 });
    await until(async () => (await count(stack, "datasets")) > 0, up);
    await stack.pulumi.kill();
    expect(await failed).toBe("killed");
    await fetch(faults(stack), { method: "DELETE" });

    await stack.pulumi.run("cancel", "local", "--yes");
    await stack.pulumi.up();
    expect(await count(stack, "datasets")).toBe(1);
    await stack.pulumi.destroy();
    expect(await stack.pulumi.resources()).toEqual([]);
    expect(await stack.vendors.leftovers()).toEqual({ Platform: [], "Customer.io": [], Azure: [] });
  },
  6 * minutes,
);

test.each([
  { kind: "fieldGroups", path: "/data/foundation/schemaregistry/tenant/fieldgroups" },
  { kind: "datasets", path: "/data/foundation/catalog/dataSets" },
  { kind: "flows", path: "/data/foundation/flowservice/flows" },
] as const)(
  "an up that is killed as soon as there are $kind, and destroyed straight away, leaves nothing at either vendor",
  async ({ kind, path }) => {
    // The answer with the new object is too late.
    await answerAll(example, { kind: "latency", milliseconds: 3_000 }, { path, afterwards: true });
    const up = example.pulumi.up();
    const failed = up.catch(() => "killed");
    await until(async () => (await count(example, kind)) > 0, up);
    await example.pulumi.kill();
    expect(await failed).toBe("killed");
    await fetch(faults(example), { method: "DELETE" });

    await example.pulumi.run("cancel", "local", "--yes");
    expect(await example.pulumi.destroy()).toContain("which an interrupted run of this stack created");
    expect(await example.pulumi.resources()).toEqual([]);
    const { Platform, "Customer.io": customerIo } = await example.vendors.leftovers();
    expect({ Platform, customerIo }).toEqual({ Platform: [], customerIo: [] });
  },
  3 * minutes,
);
