import { localCredentials } from "../../local-cloud/src/credentials.ts";
import { type PropertyMap, Unknown } from "../../pulumi-provider-kit/src/engine/values.ts";
import type { AepClient } from "../src/client/client.ts";
import { readStoredData } from "../src/resources/catalog/stored-data.ts";
import { Aep, errorOf } from "./aep.ts";
import { FilledPlatform, type Made } from "./filled-platform.ts";

jest.mock("../../pulumi-provider-kit/src/http/sleep.ts", () => ({ sleep: async () => undefined }));

// Operations that would delete a dataset with one row.

const { tenantId: _tenantId, ...credential } = localCredentials.platform;
const ownership = "aep:index:Ownership";
const dataset = "aep:index:Dataset";
const providerUrn = "urn:pulumi:dev::test::pulumi:providers:aep::default";

let platform: FilledPlatform;

beforeEach(async () => {
  platform = await FilledPlatform.start();
});
afterEach(() => platform.close());

const settings = () => ({ ...credential, imsUrl: platform.url, platformUrl: platform.url });

/** Deletes in the order of a destroy; each deletion in a new process, as if killed after it. */
async function destroy(made: readonly Made[]): Promise<void> {
  for (const { type, id, properties } of made.toReversed()) {
    await (await platform.provider()).delete(type, id, properties);
  }
}

test("a destroy that is killed and repeated at every point keeps the dataset with its row, and what that needs", async () => {
  const { made, set } = await platform.makeAll({ withRow: true });
  const { message } = await errorOf(destroy(made));
  expect(message).toContain(`The dataset "Events" (${set.id}) holds data: 1 row in 1 batch. It is not deleted`);
  expect(await platform.census()).toEqual({ schemas: 1, datasets: 1 });
  // Platform would refuse to delete its schema too; here the state lacks it, and only the ownership is left.
  await destroy(made.slice(0, 1));
  expect(await platform.census()).toEqual({ schemas: 1, datasets: 1 });
});

test("without a row everything is deleted, and also with forceDestroy", async () => {
  await destroy((await platform.makeAll({ withRow: false })).made);
  expect(await platform.census()).toEqual({});
  const { made } = await platform.makeAll({ withRow: true });
  const forced = made.map((one) =>
    one.type === dataset ? { ...one, properties: { ...one.properties, forceDestroy: true } } : one,
  );
  await destroy(forced);
  expect(await platform.census()).toEqual({});
});

test("a kept dataset stays even if it is empty, and the ownership of another process does not delete it", async () => {
  const { made, owner } = await platform.makeAll({ withRow: false });
  const keep = { keep: true };
  const kept = made.map((one) => (one.type === dataset ? { ...one, properties: { ...one.properties, ...keep } } : one));
  // The program gives its schema retainOnDelete, so that the engine does not ask for its deletion.
  await destroy(kept.filter(({ type }) => type !== "aep:index:Schema" && type !== ownership));
  await (await platform.provider()).delete(ownership, owner.id, { dataset: keep });
  expect(await platform.census()).toEqual({ schemas: 1, datasets: 1 });
});

test.each([
  [100, "an unknown number of batches"],
  [99, undefined],
])("a dataset of which Catalog lists %i batches that were removed holds %s", async (listed, what) => {
  const removed = Array.from({ length: listed }, (_, at) => [`b${at}`, { status: "inactive", recordCount: 1 }]);
  const client = {
    find: async () => ({ set: { name: "Events" } }),
    call: async ({ path }: { path: string }) =>
      path.includes("/batches") ? Object.fromEntries(removed) : { items: [] },
  } as unknown as AepClient;
  const stored = await readStoredData(client, "set", new AbortController().signal);
  expect(stored).toEqual(what && { name: "Events", what });
});

describe("the ownership", () => {
  const leaves = async (olds: PropertyMap, news: PropertyMap, id: string) =>
    (await platform.provider()).diff(ownership, id, olds, news);

  test("refuses to remove a dataset with a row from the stack, or to give it another schema", async () => {
    const { owner, set } = await platform.makeAll({ withRow: true });
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
    const { owner } = await platform.makeAll({ withRow: true });
    const known = { schemaId: "schema", forceDestroy: false, keep: false };
    const news = { dataset: { ...known, schemaId: Unknown.instance } };
    expect((await leaves({ dataset: known }, news, owner.id)).detailed).toEqual({ "dataset.schemaId": "update" });
  });

  test("allows it for an empty one", async () => {
    const { owner } = await platform.makeAll({ withRow: false });
    await leaves({ dataset: { forceDestroy: false, keep: false } }, {}, owner.id);
  });
});

describe("a dataset with a row", () => {
  const compare = async ({ id, inputs }: Made, news: PropertyMap) =>
    (await platform.provider()).diff(dataset, id, inputs, { ...inputs, ...news });

  test("is not replaced by one with another schema, also in a preview that does not know its $id yet", async () => {
    const { set } = await platform.makeAll({ withRow: true });
    for (const schemaId of ["other", Unknown.instance]) {
      const { message } = await errorOf(compare(set, { schemaId }));
      expect(message).toContain("The change would replace it, so nothing was changed");
    }
  });

  test("lets a preview pass that does not know the schema's version yet, since the update decides", async () => {
    const { set } = await platform.makeAll({ withRow: true });
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
    const { set } = await platform.makeAll({ withRow: true });
    const { message } = await errorOf(diffSettings({}, { sandbox: "other" }) as Promise<unknown>);
    expect(message).toContain(`The dataset "Events" (${set.id}) holds data: 1 row in 1 batch.`);
    expect(message).toContain(`npx pulumi config set aep:sandbox ${credential.sandbox}`);
    expect(message).toContain("npx pulumi stack init <name>");
    await expect(diffSettings({}, { orgId: "FFFF@AdobeOrg" })).rejects.toThrow("holds data");
  });

  test("is refused after the stack was renamed, too: the next up renames it in the dataset's tag", async () => {
    const { set } = await platform.makeAll({ withRow: true });
    const { provider } = await platform.provider();
    const urn = `urn:pulumi:renamed::test::${dataset}::thing`;
    const [signal, say] = [new AbortController().signal, () => undefined];
    const call = { type: dataset, urn, name: "thing", signal, progress: say, warn: say };
    const { id, inputs: news } = set;
    const change = { id, olds: news, state: set.properties, news };
    expect((await provider.diff(call, change)).detailed).toEqual({ stack: "update" });
    const others = { ...news, ownership: "0123456789abcdef" };
    expect((await provider.diff(call, { ...change, olds: others, news: others })).detailed).toEqual({});
    await provider.update(call, { ...change, preview: false });
    expect((await provider.diff(call, change)).detailed).toEqual({});
    const renamed = { urn: providerUrn.replace(":dev:", ":renamed:") };
    const moved = new Aep().provider.diffConfig?.(settings(), { ...settings(), sandbox: "other" }, renamed);
    await expect(moved).rejects.toThrow("holds data");
  });

  test("is not checked in a preview that does not know it yet, since the update decides", async () => {
    await platform.makeAll({ withRow: true });
    const unknown = await diffSettings({}, { sandbox: Unknown.instance });
    expect(unknown?.detailed).toEqual({ sandbox: "update-replace" });
  });

  test("replaces an empty one, and a change of the credential alone is always allowed", async () => {
    await platform.makeAll({ withRow: false });
    expect((await diffSettings({}, { sandbox: "other" }))?.detailed).toEqual({ sandbox: "update-replace" });
    expect((await diffSettings({}, { clientSecret: "rotated" }))?.detailed).toEqual({ clientSecret: "update" });
  });

  test("corrects settings that were never right, but fails if Platform does not answer", async () => {
    await platform.makeAll({ withRow: true });
    const typos: PropertyMap[] = [{ sandbox: "typo" }, { orgId: "FFFF@AdobeOrg" }];
    for (const typo of typos) {
      expect(Object.keys((await diffSettings(typo, {}))?.detailed ?? {})).toEqual(Object.keys(typo).toSorted());
    }
    const nowhere = { platformUrl: "http://127.0.0.1:9" };
    await expect(diffSettings(nowhere, { ...nowhere, sandbox: "other" })).rejects.toThrow("did not answer");
  });

  test("is checked with the rotated credential, or with the former one if the new one has no right", async () => {
    await platform.makeAll({ withRow: true });
    await expect(diffSettings({ clientSecret: "rotated since" }, { sandbox: "other" })).rejects.toThrow("holds data");
    // The last update had them from environment variables, so that the state lacks them.
    const { clientSecret, ...withoutSecret } = settings();
    const moved = { ...withoutSecret, clientSecret, sandbox: "other" };
    const fromConfiguration = new Aep().provider.diffConfig?.(withoutSecret, moved, { urn: providerUrn });
    await expect(fromConfiguration).rejects.toThrow("holds data");
    const elsewhere = { orgId: "FFFF@AdobeOrg", clientId: "of-the-other", clientSecret: "of-the-other" };
    await expect(diffSettings({}, elsewhere)).rejects.toThrow("holds data");
    // Neither credential works: a deletion can't check either, and is refused.
    await diffSettings({ clientSecret: "wrong" }, { clientSecret: "wrong, too", sandbox: "other" });
  });
});

describe("a replacement without a diff, as with --replace", () => {
  async function replaceDataset(preview: boolean, changes: PropertyMap = {}) {
    const { set } = await platform.makeAll({ withRow: true });
    const aep = await platform.provider();
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
    expect(await platform.census()).toMatchObject({ datasets: 1 });
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

test.each(["SourceConnection", "Dataset", "Dataflow"])(
  "up --replace of a %s that nothing uses yet deletes nothing, whatever the engine leaves out",
  async (kind) => {
    const { made } = await platform.makeAll({ withRow: false });
    const before = await platform.census();
    const { type, id, inputs, properties } = made.findLast((one) => one.type === `aep:index:${kind}`) as Made;
    // Whatever uses it is gone, as in a program of its own.
    for (const user of made.slice(made.findIndex((one) => one.id === id) + 1).toReversed()) {
      await (await platform.provider()).delete(user.type, user.id, user.properties);
    }
    const aep = await platform.provider();
    const again = await aep.create(type, inputs);
    // Twice, if the same command was killed before the deletion and is run again.
    await aep.deleteFormer(type, id, properties);
    await aep.deleteFormer(type, id, properties);
    expect(await (await platform.provider()).read(type, again.id)).toBeDefined();
    expect((await platform.census())[censusKey(kind)]).toBe(before[censusKey(kind)]);
  },
);

function censusKey(kind: string): string {
  return kind === "Dataflow" ? "flows" : `${kind[0]?.toLowerCase()}${kind.slice(1)}s`;
}
