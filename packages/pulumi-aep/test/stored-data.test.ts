import { localCredentials } from "../../local-cloud/src/credentials.ts";
import { type PlatformStandIn, startPlatform } from "../../local-cloud/src/platform/platform.ts";
import { type Answer, recordingServer } from "../../pulumi-customerio/test/recording-server.ts";
import { type PropertyMap, reveal, Unknown } from "../../pulumi-provider-kit/src/engine/values.ts";
import { Aep, errorOf } from "./aep.ts";

jest.mock("../../pulumi-provider-kit/src/http/sleep.ts", () => ({ sleep: async () => undefined }));

// A dataset in Platform's stand-in with its dataflow and one row, and operations that would delete it.

const { tenantId, ...credential } = localCredentials.platform;
const ownership = "aep:index:Ownership";
const dataset = "aep:index:Dataset";
const providerUrn = "urn:pulumi:dev::test::pulumi:providers:aep::default";

let platform: PlatformStandIn;
let now: number;

beforeEach(async () => {
  now = Date.parse("2026-01-05T10:00:00.000Z");
  const clock = () => {
    now += 1000;
    return now;
  };
  const sandboxes = [credential.sandbox, "other"];
  const switches = { deleteMappingSet: "204" } as const;
  platform = await startPlatform({ credentials: credential, tenantId, sandboxes, clock, switches });
});
afterEach(() => platform.close());

const settings = () => ({ ...credential, imsUrl: platform.url, platformUrl: platform.url });

/** A provider as in a new process, without any memory. */
const provider = () => Aep.connect(platform.url, { ...credential });

interface Made {
  readonly type: string;
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly properties: PropertyMap;
}

/** Everything that leads to the dataset, in the order of creation. */
async function makeAll({ withRow }: { withRow: boolean }) {
  const aep = await provider();
  const made: Made[] = [];
  const make = async (kind: string, inputs: PropertyMap): Promise<Made> => {
    const resource = { type: `aep:index:${kind}`, ...(await aep.create(`aep:index:${kind}`, inputs)) };
    made.push(resource);
    return resource;
  };
  const { id: owner } = await make("Ownership", { dataset: {} });
  const identityMap = "https://ns.adobe.com/xdm/context/identitymap";
  const schema = await make("Schema", { title: "Events", fieldGroupIds: [identityMap], ownership: owner });
  const set = await make("Dataset", { name: "Events", schemaId: schema.id, ownership: owner });
  const source = await make("SourceConnection", { name: "Events", ownership: owner });
  const target = await make("TargetConnection", {
    name: "Lake",
    datasetId: set.id,
    schemaId: schema.id,
    ownership: owner,
  });
  const attribute = (from: string, to: string) => ({ sourceType: "ATTRIBUTE", source: from, destination: to });
  const mapping = await make("MappingSet", {
    schemaId: schema.id,
    mappings: [attribute("event_id", "_id"), attribute("occurred_at", "timestamp")],
    ownership: owner,
  });
  const flow = await make("Dataflow", {
    name: "Events",
    sourceConnectionId: source.id,
    targetConnectionId: target.id,
    mappingSetId: mapping.id,
    ownership: owner,
  });
  if (withRow) await send(String(reveal(flow.properties.streamingUrl ?? null)));
  return { made, owner: made[0] as Made, set };
}

async function send(url: string): Promise<void> {
  now += 3_600_000;
  const body = JSON.stringify({ event_id: "E1", occurred_at: "2026-01-05T10:00:00.000Z" });
  const headers = { "content-type": "application/json" };
  expect((await fetch(url, { method: "POST", headers, body })).status).toBe(200);
  await fetch(`${platform.url}/__local/idle`, { method: "POST" });
}

async function census(): Promise<Record<string, number>> {
  const answer = await fetch(`${platform.url}/__local/census`);
  const counts = Object.entries((await answer.json()) as Record<string, number>);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

/** Deletes in the order of a destroy; each deletion in a new process, as if killed after it. */
async function destroy(made: readonly Made[]): Promise<void> {
  for (const { type, id, properties } of made.toReversed()) await (await provider()).delete(type, id, properties);
}

test("a destroy that is killed and repeated at every point keeps the dataset with its row, and what that needs", async () => {
  const { made, set } = await makeAll({ withRow: true });
  const { message } = await errorOf(destroy(made));
  expect(message).toContain(`The dataset "Events" (${set.id}) holds data: 1 row in 1 batch. It is not deleted`);
  expect(await census()).toEqual({ schemas: 1, datasets: 1 });
  // Platform would refuse to delete its schema too; here the state lacks it, and only the ownership is left.
  await destroy(made.slice(0, 1));
  expect(await census()).toEqual({ schemas: 1, datasets: 1 });
});

test("without a row everything is deleted, and also with forceDestroy", async () => {
  await destroy((await makeAll({ withRow: false })).made);
  expect(await census()).toEqual({});
  const { made } = await makeAll({ withRow: true });
  const forced = made.map((one) =>
    one.type === dataset ? { ...one, properties: { ...one.properties, forceDestroy: true } } : one,
  );
  await destroy(forced);
  expect(await census()).toEqual({});
});

test("a kept dataset stays even if it is empty, and the ownership of another process does not delete it", async () => {
  const { made, owner } = await makeAll({ withRow: false });
  const keep = { keep: true };
  const kept = made.map((one) => (one.type === dataset ? { ...one, properties: { ...one.properties, ...keep } } : one));
  // The program gives its schema retainOnDelete, so that the engine does not ask for its deletion.
  await destroy(kept.filter(({ type }) => type !== "aep:index:Schema" && type !== ownership));
  await (await provider()).delete(ownership, owner.id, { dataset: keep });
  expect(await census()).toEqual({ schemas: 1, datasets: 1 });
});

describe("the ownership", () => {
  const leaves = async (olds: PropertyMap, news: PropertyMap, id: string) =>
    (await provider()).diff(ownership, id, olds, news);

  test("refuses to remove a dataset with a row from the stack, or to give it another schema", async () => {
    const { owner, set } = await makeAll({ withRow: true });
    const olds = { dataset: { forceDestroy: false, keep: false } };
    const changes: PropertyMap[] = [{}, { dataset: { ...olds.dataset, schemaId: "other" } }];
    for (const news of changes) {
      const { message } = await errorOf(leaves(olds, news, owner.id));
      expect(message).toContain(`The dataset "Events" (${set.id}) holds data: 1 row in 1 batch.`);
      expect(message).toContain("so nothing was changed");
    }
    for (const choice of ["forceDestroy", "keep"]) {
      await leaves({ dataset: { ...olds.dataset, [choice]: true } }, {}, owner.id);
      await leaves(olds, { dataset: { ...olds.dataset, [choice]: true } }, owner.id);
    }
  });

  test("lets a preview pass that does not know the dataset yet, since the update decides", async () => {
    const { owner } = await makeAll({ withRow: true });
    const known = { schemaId: "schema", forceDestroy: false, keep: false };
    const news = { dataset: { ...known, schemaId: Unknown.instance } };
    expect((await leaves({ dataset: known }, news, owner.id)).detailed).toEqual({ "dataset.schemaId": "update" });
  });

  test("allows it for an empty one", async () => {
    const { owner } = await makeAll({ withRow: false });
    await leaves({ dataset: { forceDestroy: false, keep: false } }, {}, owner.id);
  });
});

describe("a dataset with a row", () => {
  const compare = async ({ id, inputs }: Made, news: PropertyMap) =>
    (await provider()).diff(dataset, id, inputs, { ...inputs, ...news });

  test("is not replaced by one with another schema, also in a preview that does not know its $id yet", async () => {
    const { set } = await makeAll({ withRow: true });
    for (const schemaId of ["other", Unknown.instance]) {
      const { message } = await errorOf(compare(set, { schemaId }));
      expect(message).toContain("The change would replace it, so nothing was changed");
    }
  });

  test("lets a preview pass that does not know the schema's version yet, since the update decides", async () => {
    const { set } = await makeAll({ withRow: true });
    expect((await compare(set, { schemaVersion: Unknown.instance })).detailed).toEqual({
      schemaVersion: "update-replace",
    });
    await expect(compare(set, { schemaVersion: 2 })).rejects.toThrow("The change would replace it");
  });
});

describe("another sandbox or organization", () => {
  const diffSettings = async (olds: PropertyMap, news: PropertyMap) => {
    const aep = new Aep();
    return aep.provider.diffConfig?.({ ...settings(), ...olds }, { ...settings(), ...news }, { urn: providerUrn });
  };

  test("is refused while a dataset of the stack in the former one holds data", async () => {
    const { set } = await makeAll({ withRow: true });
    const { message } = await errorOf(diffSettings({}, { sandbox: "other" }) as Promise<unknown>);
    expect(message).toContain(`The dataset "Events" (${set.id}) holds data: 1 row in 1 batch.`);
    expect(message).toContain(`npx pulumi config set aep:sandbox ${credential.sandbox}`);
    expect(message).toContain("npx pulumi stack init <name>");
    await expect(diffSettings({}, { orgId: "FFFF@AdobeOrg" })).rejects.toThrow("holds data");
  });

  test("is not checked in a preview that does not know it yet, since the update decides", async () => {
    await makeAll({ withRow: true });
    const unknown = await diffSettings({}, { sandbox: Unknown.instance });
    expect(unknown?.detailed).toEqual({ sandbox: "update-replace" });
  });

  test("replaces an empty one, and a change of the credential alone is always allowed", async () => {
    await makeAll({ withRow: false });
    expect((await diffSettings({}, { sandbox: "other" }))?.detailed).toEqual({ sandbox: "update-replace" });
    expect((await diffSettings({}, { clientSecret: "rotated" }))?.detailed).toEqual({ clientSecret: "update" });
  });

  test("corrects settings that were never right, but fails if Platform does not answer", async () => {
    await makeAll({ withRow: true });
    const typos: PropertyMap[] = [{ sandbox: "typo" }, { orgId: "FFFF@AdobeOrg" }];
    for (const typo of typos) {
      expect(Object.keys((await diffSettings(typo, {}))?.detailed ?? {})).toEqual(Object.keys(typo).toSorted());
    }
    const nowhere = { platformUrl: "http://127.0.0.1:9" };
    await expect(diffSettings(nowhere, { ...nowhere, sandbox: "other" })).rejects.toThrow("did not answer");
  });

  test("is checked with the rotated credential, or with the former one if the new one has no right", async () => {
    await makeAll({ withRow: true });
    await expect(diffSettings({ clientSecret: "rotated since" }, { sandbox: "other" })).rejects.toThrow("holds data");
    const elsewhere = { orgId: "FFFF@AdobeOrg", clientId: "of-the-other", clientSecret: "of-the-other" };
    await expect(diffSettings({}, elsewhere)).rejects.toThrow("holds data");
    // Neither credential works: a deletion can't check either, and is refused.
    await diffSettings({ clientSecret: "wrong" }, { clientSecret: "wrong, too", sandbox: "other" });
  });
});

describe("a replacement without a diff, as with --replace", () => {
  async function replaceDataset(preview: boolean, changes: PropertyMap = {}) {
    const { set } = await makeAll({ withRow: true });
    const aep = await provider();
    const inputs = { ...set.inputs, ...changes };
    const call = {
      type: dataset,
      urn: `urn:pulumi:dev::test::${dataset}::thing`,
      name: "thing",
      signal: new AbortController().signal,
      progress: () => undefined,
      warn: () => undefined,
    };
    return aep.provider.create(call, { inputs, preview });
  }

  test.each([true, false])("is refused where its own dataset holds data (preview: %s)", async (preview) => {
    const { message } = await errorOf(replaceDataset(preview));
    expect(message).toContain("It was created for this very resource, so no other dataset is created instead");
    expect(await census()).toMatchObject({ datasets: 1 });
  });

  test("is allowed with forceDestroy", async () => {
    expect((await replaceDataset(false, { forceDestroy: true })).id).toMatch(/^[0-9a-f]{24}$/);
  });

  test("is not checked in a preview that does not know forceDestroy yet", async () => {
    expect((await replaceDataset(true, { forceDestroy: Unknown.instance })).id).toBe("");
  });

  test("is not checked in a preview that creates the ownership itself", async () => {
    expect((await replaceDataset(true, { ownership: Unknown.instance })).id).toBe("");
  });
});

test("the guard refuses as the dataset would, and allows an empty, a forced and a kept one", async () => {
  const { set } = await makeAll({ withRow: true });
  const type = "aep:index:DatasetGuard";
  const guard = await (await provider()).create(type, { datasetId: set.id });
  const aep = await provider();
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

test.each(["SourceConnection", "Dataset", "Dataflow"])(
  "up --replace of a %s that nothing uses yet deletes nothing, whatever the engine leaves out",
  async (kind) => {
    const { made } = await makeAll({ withRow: false });
    const before = await census();
    const { type, id, inputs, properties } = made.findLast((one) => one.type === `aep:index:${kind}`) as Made;
    // Whatever uses it is gone, as in a program of its own.
    for (const user of made.slice(made.findIndex((one) => one.id === id) + 1).toReversed()) {
      await (await provider()).delete(user.type, user.id, user.properties);
    }
    const aep = await provider();
    const again = await aep.create(type, inputs);
    // Twice, if the same command was killed before the deletion and is run again.
    await aep.deleteFormer(type, id, properties);
    await aep.deleteFormer(type, id, properties);
    expect(await (await provider()).read(type, again.id)).toBeDefined();
    expect((await census())[censusKey(kind)]).toBe(before[censusKey(kind)]);
  },
);

test("a guard that alone is replaced refuses nothing", async () => {
  const { set } = await makeAll({ withRow: true });
  const { provider: aep } = await provider();
  const type = "aep:index:DatasetGuard";
  const inputs = { datasetId: set.id, forceDestroy: false, keep: false };
  const [signal, say] = [new AbortController().signal, () => undefined];
  const call = { type, urn: `urn:pulumi:dev::test::${type}::guard`, name: "guard", signal, progress: say, warn: say };
  // As `pulumi up --replace` does: without the former inputs and without a comparison.
  await aep.check(call, { olds: {}, news: inputs });
  const guard = await aep.create(call, { inputs, preview: false });
  await aep.delete(call, { id: guard.id, state: guard.properties });
  const destroy = (await provider()).delete(type, guard.id, guard.properties);
  expect((await errorOf(destroy)).message).toContain("holds data");
});

test("a guard that is deleted later in a destroy says what was deleted already, and how to recreate it", async () => {
  const { set } = await makeAll({ withRow: true });
  const type = "aep:index:DatasetGuard";
  const guard = await (await provider()).create(type, { datasetId: set.id, deletedBefore: "Customer.io's webhook" });
  const aep = await provider();
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
    const { set } = await makeAll({ withRow: false });
    const aep = await provider();
    const rest = [...answers];
    const relay = await recordingServer(() => (rest.length > 1 ? rest.shift() : rest[0]) ?? {});
    const { waits: allWaits } = aep;
    try {
      const relayHealthUrl = `http://127.0.0.1:${relay.port}/health`;
      const guard = await (await provider()).create(type, { datasetId: set.id, relayHealthUrl });
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

  const healthy = (more: object): Answer => ({ body: { status: "ok", signingKeys: true, ...more } });

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

  test("and refuses if it has accepted one, since rows are visible late", async () => {
    const message = await deletion(healthy({ hasTakenEvents: true }));
    expect(message).toMatch(
      /may hold or receive data: its relay has accepted events, and rows take up to an hour to appear in Platform\. Nothing has been deleted\./,
    );
    expect(message).toContain("npx pulumi config set --path dataset.forceDestroy true");
  });

  test.each<[string, Answer, RegExp]>([
    ["fails", { status: 503, body: { status: "unavailable" } }, /could not be asked .*: it answers 503\)/],
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
    now = Date.now() - 3_700_000;
    await post("switches", { rowsShow: "later", ...switches });
    const { set } = await makeAll({ withRow: true });
    await prepare();
    const aep = await provider();
    const guard = await (await provider()).create(type, { datasetId: set.id });
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
    expect(shown.join()).toMatch(
      /does not let this credential read its metrics, so events that the dataflow "Events" received/,
    );
  });

  test("stops it if Platform does not answer, as with every other question", async () => {
    const { failure } = await deletion({}, () => failMetrics(500));
    expect(failure).toMatch(/may hold data, but this could not be checked\. Nothing has been deleted\./);
  });
});

function censusKey(kind: string): string {
  return kind === "Dataflow" ? "flows" : `${kind[0]?.toLowerCase()}${kind.slice(1)}s`;
}
