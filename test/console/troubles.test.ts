import fs from "node:fs/promises";
import { OperatorConsole } from "../../cli/console/console.ts";
import type { StackSource } from "../../cli/stack/source.ts";
import { deliveryStage } from "../../cli/verify/relay-stages.ts";
import { newEvent } from "../../relay/core/event/envelope.ts";
import { type ConsoleWorld, freshEvents, startWorld } from "./world.ts";

// Ten troubles caused on purpose. From the page alone, each shows its cause and what to do.
const hour = 60 * 60 * 1000;
let world: ConsoleWorld;

beforeAll(async () => {
  world = await startWorld();
});

afterAll(() => world?.stop());

interface ShownFinding {
  readonly part: string;
  readonly verdict: string;
  readonly found: string;
  readonly todo?: string;
  readonly details?: string[];
  readonly runbook?: string;
}

/** What the page shows of a part. */
async function findingOf(source: StackSource, part: string): Promise<ShownFinding | undefined> {
  const operator = new OperatorConsole({
    source,
    reread: async (one) => one,
    allowActions: false,
    standIns: undefined,
    samples: [],
    auditFolder: undefined,
  });
  const routes = operator.routes(new AbortController().signal);
  const query = new URLSearchParams();
  await routes["POST /api/check"]?.({ query, body: {} });
  const state = (await routes["GET /api/state"]?.({ query, body: undefined })) as { findings: ShownFinding[] };
  return state.findings.find((finding) => finding.part === part);
}

async function wait(lastError: string, id: string): Promise<void> {
  const receivedAt = new Date(Date.now() - 2 * hour).toISOString();
  await world.enqueue([{ ...newEvent({ id, receivedAt, body: "{}" }), attempts: 4, lastError }]);
}

const seconds = (ago: number) => Math.floor((Date.now() - ago) / 1000);

interface Trouble {
  readonly name: string;
  readonly part: string;
  /** Causes it, and returns the source that has it. */
  readonly cause: () => Promise<StackSource>;
  readonly found: RegExp;
  readonly remedy: RegExp;
}

const troubles: readonly Trouble[] = [
  {
    name: "wrong key",
    part: "webhook",
    cause: async () => world.sourceWith({ settings: { "customerio:appApiKey": "no-key-of-this-workspace" } }),
    found: /Customer\.io answered 401: unauthorized/,
    remedy: /customerio:appApiKey/,
  },
  {
    name: "wrong secret",
    part: "dataflow",
    cause: async () => world.sourceWith({ settings: { "aep:clientSecret": "p8e-no-secret-of-it" } }),
    found: /access token/,
    remedy: /aep:clientSecret/,
  },
  {
    name: "missing permission",
    part: "dataflow",
    async cause() {
      await world.lackPermissions("view-sources", "manage-sources");
      return world.source;
    },
    found: /Adobe Experience Platform answered 403/,
    remedy: /Add the API credential to a role .* Manage Sources/,
  },
  {
    name: "queue stuck",
    part: "queue",
    async cause() {
      await wait("HTTP 503", "stuck");
      return world.source;
    },
    found: /the oldest event for 2 hours\. No forwarder takes them/,
    remedy: /npx pulumi up --replace '.*' --stack dev/,
  },
  {
    name: "dataflow deleted",
    part: "dataflow",
    cause: async () =>
      world.sourceWith({
        change: (one) =>
          one.type === "aep:index:Dataflow" ? { ...one, id: "11111111-2222-4333-8444-555555555555" } : one,
      }),
    found: /Platform has no dataflow .*: it was deleted\./,
    remedy: /npx pulumi up --refresh --stack dev/,
  },
  {
    name: "dead letters",
    part: "dead letters",
    async cause() {
      await world.die(freshEvents("dead").slice(0, 2), "HTTP 400", "refused");
      return world.source;
    },
    found: /There are 2; [\s\S]*\n2: refused: HTTP 400/,
    remedy: /npx customerio-aep replay --dry-run --stack dev/,
  },
  {
    name: "throttled",
    part: "queue",
    async cause() {
      await world.noteForwarder();
      await wait("HTTP 429", "throttled");
      return world.source;
    },
    found: /the oldest event for 2 hours/,
    remedy: /HTTP 429: Platform throttles\. .* ask Adobe for a higher/,
  },
  {
    name: "silent webhook",
    part: "calls",
    async cause() {
      await world.count({ accepted: 5, takenAt: seconds(30 * hour) });
      return world.source;
    },
    found: /None has arrived from Customer\.io for 1 day, although the webhook is enabled/,
    remedy: /press Send test/,
  },
  {
    name: "wrong mapping",
    part: "runs",
    async cause() {
      const [event = "{}"] = freshEvents("wrong");
      await world.deliver([event], "raw");
      return world.source;
    },
    found: /[1-9]\d* failed/,
    remedy: /npx customerio-aep preview --samples <file> --stack dev/,
  },
  {
    name: "full disk of this machine",
    part: "machine",
    async cause() {
      const full = { bavail: 10, bsize: 4096 } as Awaited<ReturnType<typeof fs.statfs>>;
      jest.spyOn(fs, "statfs").mockResolvedValue(full as never);
      return world.source;
    },
    found: /The disk of this machine is full: .* 0 MB free/,
    remedy: /Free at least 256 MB .* du -sh /,
  },
];

test.each(troubles)("$name: the page shows the cause and the remedy", async ({ part, cause, found, remedy }) => {
  const healthy = await findingOf(world.source, part);
  expect([part, healthy?.verdict === "broken"]).toEqual([part, false]);
  const source = await cause();
  try {
    const finding = await findingOf(source, part);
    const text = [finding?.found, finding?.todo, ...(finding?.details ?? [])].join("\n");
    expect([finding?.verdict, text]).toEqual(["broken", expect.stringMatching(found)]);
    expect(text).toMatch(remedy);
    expect(finding?.runbook).toMatch(/^customerio-aep\/docs\/runbooks\.md#(alert|finding)-/);
  } finally {
    jest.restoreAllMocks();
    await world.lackPermissions();
    await world.clear();
  }
});

test("the page and verify say until when events wait after a change of the dataflow", async () => {
  const readyAt = new Date(Date.now() + hour);
  const source = world.sourceWith({ appSettings: { PLATFORM_READY_AT: readyAt.toISOString() } });
  await world.enqueue([newEvent({ id: "held-1", receivedAt: new Date().toISOString(), body: "{}" })]);
  const until = `The relay sends none before ${readyAt.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  expect(await findingOf(source, "queue")).toMatchObject({ verdict: "waiting", found: expect.stringContaining(until) });
  const looked = await deliveryStage(source, "held-1", new Date()).look();
  expect(looked).toMatchObject({ verdict: "waiting", found: expect.stringContaining(until) });
  await world.clear();
});
