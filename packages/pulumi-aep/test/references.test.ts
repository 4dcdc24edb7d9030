import { z } from "zod";
import type { AepClient } from "../src/client/client.ts";
import { isReferredTo, listReferring } from "../src/client/pages.ts";
import { paths } from "../src/client/paths.ts";
import { clientFor } from "./aep.ts";
import { PlatformStub } from "./platform-stub.ts";

// Adobe's pages do not say by which paths every list can be filtered.

let stub: PlatformStub;
let client: AepClient;
const { signal } = new AbortController();

beforeEach(async () => {
  stub = await new PlatformStub().start();
  client = clientFor(stub.url);
});
afterEach(() => stub.close());

const list = (limit: number) => `GET ${paths.flows}?property=targetConnectionIds[]==t1&limit=${limit}`;
const references = { collection: paths.flows, path: "targetConnectionIds[]", id: "t1", purpose: "look for dataflows" };
const ours = { id: "ours", targetConnectionIds: ["t1"] };
const other = { id: "other", targetConnectionIds: ["t2"] };
const short = { id: "short" };

test.each([
  ["filtered", [ours], true],
  ["shortened, so that only the filter can know", [short], true],
  ["empty", [], false],
])("of a list that is %s, the first object decides", async (_, items, expected) => {
  stub.answer(list(1), { body: { items } });
  expect(await isReferredTo(client, references, signal)).toBe(expected);
  expect(stub.calls).toEqual([list(1)]);
});

test.each([
  ["with one that refers to it", [other, ours], true],
  ["without one", [other], false],
])("of a list that is not filtered, %s, all objects are compared", async (_, items, expected) => {
  stub.answer(list(1), { body: { items: [other] } }).answer(list(100), { body: { items } });
  expect(await isReferredTo(client, references, signal)).toBe(expected);
});

test("others' objects are left out of a list", async () => {
  stub.answer(list(100), { body: { items: [other, ours, { id: "none", targetConnectionIds: null }] } });
  const listed = await listReferring(client, references, z.object({ id: z.string() }), signal);
  expect(listed.map(({ id }) => id)).toEqual(["ours", "none"]);
});

test("the path leads into an object", async () => {
  const nested = { ...references, collection: paths.targetConnections, path: "params.dataSetId", id: "d1" };
  const all = `GET ${paths.targetConnections}?property=params.dataSetId==d1&limit=100`;
  stub.answer(all, {
    body: {
      items: [
        { id: "a", params: { dataSetId: "d1" } },
        { id: "b", params: { dataSetId: "d2" } },
      ],
    },
  });
  expect(await listReferring(client, nested, z.object({ id: z.string() }), signal)).toEqual([{ id: "a" }]);
});
