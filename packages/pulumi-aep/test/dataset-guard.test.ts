import { type Answer, recordingServer } from "../../pulumi-customerio/test/recording-server.ts";
import { errorOf } from "./aep.ts";
import { FilledPlatform } from "./filled-platform.ts";

jest.mock("../../pulumi-provider-kit/src/http/sleep.ts", () => ({ sleep: async () => undefined }));

let platform: FilledPlatform;

beforeEach(async () => {
  platform = await FilledPlatform.start();
});
afterEach(() => platform.close());

test("the guard refuses as the dataset would, and allows an empty, a forced and a kept one", async () => {
  const { set } = await platform.makeAll({ withRow: true });
  const type = "aep:index:DatasetGuard";
  const guard = await (await platform.provider()).create(type, { datasetId: set.id });
  const aep = await platform.provider();
  const { message } = await errorOf(aep.delete(type, guard.id, guard.properties));
  expect(message).toContain(`The dataset "Events" (${set.id}) holds data: 1 row in 1 batch. Nothing has been deleted`);
  for (const choice of ["forceDestroy", "keep"]) {
    await aep.delete(
      type,
      guard.id,
      await aep.update(type, guard.id, guard.inputs, { ...guard.inputs, [choice]: true }),
    );
  }
  expect(await aep.read(type, set.id)).toMatchObject({ id: set.id, inputs: { datasetId: set.id } });
  await aep.delete(type, "5c8c3c555033b814b69f947f", { datasetId: "5c8c3c555033b814b69f947f" });
});

test("a guard that alone is replaced refuses nothing", async () => {
  const { set } = await platform.makeAll({ withRow: true });
  const { provider: aep } = await platform.provider();
  const type = "aep:index:DatasetGuard";
  const inputs = { datasetId: set.id, forceDestroy: false, keep: false };
  const [signal, say] = [new AbortController().signal, () => undefined];
  const call = { type, urn: `urn:pulumi:dev::test::${type}::guard`, name: "guard", signal, progress: say, warn: say };
  // As `pulumi up --replace` does: without the former inputs and without a comparison.
  await aep.check(call, { olds: {}, news: inputs });
  const guard = await aep.create(call, { inputs, preview: false });
  await aep.delete(call, { id: guard.id, state: guard.properties });
  const destroy = (await platform.provider()).delete(type, guard.id, guard.properties);
  expect((await errorOf(destroy)).message).toContain("holds data");
});

test("a guard that is deleted later in a destroy says what was deleted already, and how to recreate it", async () => {
  const { set } = await platform.makeAll({ withRow: true });
  const type = "aep:index:DatasetGuard";
  const guard = await (await platform.provider()).create(type, {
    datasetId: set.id,
    deletedBefore: "Customer.io's webhook",
  });
  const aep = await platform.provider();
  const { message } = await errorOf(aep.delete(type, guard.id, guard.properties));
  expect(message).toContain(
    "holds data: 1 row in 1 batch. Customer.io's webhook is already deleted; `npx pulumi up` brings it back. The dataset is not deleted, since ",
  );
});

describe("the guard of an empty dataset asks its relay", () => {
  /** Milliseconds of the guard's own waits. */
  let waits: number[];

  const type = "aep:index:DatasetGuard";

  /** @param answers in turn; the last one repeats */
  async function deletion(...answers: readonly [Answer, ...Answer[]]): Promise<unknown> {
    const { set } = await platform.makeAll({ withRow: false });
    const aep = await platform.provider();
    const rest = [...answers];
    const relay = await recordingServer(() => (rest.length > 1 ? rest.shift() : rest[0]) ?? {});
    const { waits: allWaits } = aep;
    try {
      const relayHealthUrl = `http://127.0.0.1:${relay.port}/health`;
      const guard = await (await platform.provider()).create(type, { datasetId: set.id, relayHealthUrl });
      allWaits.length = 0;
      return await aep.delete(type, guard.id, guard.properties).then(
        () => aep.progress.find((line) => line.includes("could not be asked")) ?? "deleted",
        ({ message }: Error) => message,
      );
    } finally {
      waits = [...allWaits];
      await relay.close();
    }
  }

  const healthy = (more: object): Answer => ({
    body: { status: "ok", signingKeys: true, hasTakenEvents: false, ...more },
  });

  const unknown = healthy({ ageSeconds: 0, hasTakenEvents: undefined });

  test("and stays if the command is stopped meanwhile: the next destroy has to ask again before it deletes anything", async () => {
    const { set } = await platform.makeAll({ withRow: false });
    const aep = await platform.provider();
    const relay = await recordingServer(() => {
      aep.stop.abort(new Error("stopped by the user"));
      return healthy({ hasTakenEvents: true });
    });
    const relayHealthUrl = `http://127.0.0.1:${relay.port}/health`;
    const guard = await (await platform.provider()).create(type, { datasetId: set.id, relayHealthUrl });
    try {
      expect((await errorOf(aep.delete(type, guard.id, guard.properties))).message).toBe("stopped by the user");
    } finally {
      await relay.close();
    }
  });

  test("and allows it at once if the relay checks and has never accepted an event", async () => {
    expect(await deletion(healthy({ ageSeconds: 0 }))).toBe("deleted");
    expect(waits).toEqual([]);
  });

  test("and accepts no answer from before its request, but waits only until the relay checks again", async () => {
    expect(await deletion(healthy({ ageSeconds: 3 }), healthy({ ageSeconds: 0, hasTakenEvents: true }))).toMatch(
      /its relay has accepted events/,
    );
    expect(waits).toEqual([2_000]);
  });

  test("and accepts an answer that another caller has requested since", async () => {
    expect(await deletion(healthy({ ageSeconds: 2 }), healthy({ ageSeconds: 3 }))).toBe("deleted");
    expect(waits).toEqual([3_000]);
  });

  test("and repeats the question after five seconds if the relay does not say when it checked", async () => {
    expect(await deletion(healthy({}))).toBe("deleted");
    expect(waits).toEqual([5_000]);
  });

  test("and refuses if an event has arrived by then", async () => {
    expect(await deletion(healthy({}), healthy({ hasTakenEvents: true }))).toMatch(/its relay has accepted events/);
  });

  test("and asks again if the relay could not check that", async () => {
    expect(await deletion(unknown, healthy({ ageSeconds: 0, hasTakenEvents: true }))).toMatch(
      /its relay has accepted events/,
    );
    expect(waits).toEqual([6_000]);
  });

  test("and refuses if it has accepted one, since rows are visible late", async () => {
    const message = await deletion(healthy({ hasTakenEvents: true }));
    expect(message).toMatch(
      /may hold or receive data: its relay has accepted events, and rows take up to an hour to appear in Platform\. Nothing has been deleted\./,
    );
    expect(message).toContain("npx pulumi config set --path dataset.forceDestroy true");
  });

  test.each<[string, Answer, RegExp]>([
    ["fails", { status: 503, body: { status: "unavailable" } }, /could not be asked .*: it answers 503\)/],
    ["can't check it", unknown, /could not be asked .*: it could not check that\)/],
    ["is not a relay", { body: "<html>" }, /could not be asked .*: it answers 200\)/],
  ])(
    "and allows it with a warning if the relay %s, since it could never be removed otherwise",
    async (_, answer, expected) => {
      expect(await deletion(answer)).toMatch(expected);
    },
  );
});

describe("an event that the dataflow's endpoint has received, and that no batch or run shows yet", () => {
  const type = "aep:index:DatasetGuard";
  const post = (path: string, body: object) =>
    fetch(`${platform.url}/__local/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  const failMetrics = async (status: number) => {
    const effect = { kind: "status", status };
    const answer = await post("faults", { target: "gateway", path: "/insights/metrics", effect, rate: 1 });
    expect(answer.status).toBeLessThan(300);
  };

  /** @returns the first message of a destroy */
  async function deletion(switches: object, prepare: () => Promise<unknown> = async () => undefined) {
    // Metrics are requested by this machine's time.
    platform.now = Date.now() - 3_700_000;
    await post("switches", { rowsShow: "later", ...switches });
    const { set } = await platform.makeAll({ withRow: true });
    await prepare();
    const aep = await platform.provider();
    const guard = await (await platform.provider()).create(type, { datasetId: set.id });
    const failure = await aep.delete(type, guard.id, guard.properties).then(
      () => undefined,
      ({ message }: Error) => message,
    );
    return { failure, shown: aep.progress };
  }

  test("stops a destroy, by the metrics of its endpoint", async () => {
    expect((await deletion({})).failure).toMatch(
      /holds data: rows that may be on their way: its dataflow "Events" has received 1 event within a day.*Nothing has been deleted/,
    );
  });

  test("does not stop it if the metrics are as late as the rows, since nothing shows it", async () => {
    expect(await deletion({ inletMetrics: "with-rows" })).toEqual({ failure: undefined, shown: [] });
  });

  test("does not stop it if Platform refuses its metrics: a warning says so", async () => {
    const { failure, shown } = await deletion({}, () => failMetrics(403));
    expect(failure).toBeUndefined();
    expect(shown.join()).toMatch(/refuses to answer from its metrics, so events that the dataflow "Events" received/);
  });

  test("stops it if Platform does not answer, as with every other question", async () => {
    const { failure } = await deletion({}, () => failMetrics(500));
    expect(failure).toMatch(/may hold data, but this could not be checked\. Nothing has been deleted\./);
  });
});
