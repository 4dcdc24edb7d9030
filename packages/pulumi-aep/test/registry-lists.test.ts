import type { AepClient } from "../src/client/client.ts";
import { allByTitle, listRegistryObjects } from "../src/client/pages.ts";
import { paths } from "../src/client/paths.ts";
import { accept } from "../src/client/xdm.ts";
import { listTitled } from "../src/resources/schema-registry/registry-kind.ts";
import { listSchemasWith } from "../src/resources/schema-registry/schema-users.ts";
import { clientFor } from "./aep.ts";
import { PlatformStub } from "./platform-stub.ts";

// How a list of the Schema Registry names its next page is not settled: Adobe's description of `_page.next` and that of the parameter
// `start` differ.

let stub: PlatformStub;
let client: AepClient;
const { signal } = new AbortController();

beforeEach(async () => {
  stub = await new PlatformStub().start();
  client = clientFor(stub.url);
});
afterEach(() => stub.close());

const first = `GET ${paths.schemas}?${allByTitle}`;
const second = `GET ${paths.schemas}?orderby=title&limit=300&start=B+%26+C`;
const [a, b] = ["A", "B"].map((title) => ({ $id: `https://ns.adobe.com/acme/schemas/${title}`, title }));
const listAll = () => {
  const list = { collection: paths.schemas, query: allByTitle, headers: accept.wholes, purpose: "list schemas" };
  return listRegistryObjects(client, list, signal);
};

test.each([
  ["the value to start after", { _page: { next: "B & C" } }],
  ["an absolute address", { _page: { next: `https://platform.adobe.io${paths.schemas}?orderby=title&start=B+%26+C` } }],
  ["a path", { _page: { next: `${paths.schemas}?start=B%20%26%20C` } }],
  ["a path below the service", { _page: { next: "/tenant/schemas?start=B%20%26%20C" } }],
  ["a link alone", { _page: { next: null }, _links: { next: { href: "/tenant/schemas?start=B%20%26%20C" } } }],
  ["a link as text", { _links: { next: "/tenant/schemas?start=B%20%26%20C" } }],
])("the next page is found by %s", async (_name, page) => {
  stub.answer(first, { body: { results: [a], ...page } });
  stub.answer(second, { body: { results: [b], _page: { next: null }, _links: { next: null } } });
  expect(await listAll()).toEqual([a, b]);
  expect(stub.calls).toEqual([first, second]);
});

test("an empty page before the last one does not end a list", async () => {
  stub.answer(first, { body: { results: [], _page: { next: "B & C" } } });
  stub.answer(second, { body: { results: [b] } });
  expect(await listAll()).toEqual([b]);
});

test("a list whose pages always have a next one ends when it repeats itself", async () => {
  stub.answer(first, { body: { results: [a], _page: { next: "B & C" } } });
  stub.answer(second, { body: { results: [a], _page: { next: "B & C" } } });
  expect(await listAll()).toEqual([a]);
});

test("an object is found by its title on a later page, among objects without titles or versions", async () => {
  const titles = { collection: paths.schemas, title: "B", purpose: "look" };
  stub.answer(`GET ${paths.schemas}?property=title==B`, {
    body: { results: [{ $id: "x" }, { title: "B" }, a], _page: { next: "A" } },
  });
  stub.answer(`GET ${paths.schemas}?property=title%3D%3DB&orderby=title&start=A`, { body: { results: [b] } });
  expect(await listTitled(client, titles, signal)).toEqual([b]);
});

test("the schemas with a field group are found by their content, whatever a filter does", async () => {
  const group = "https://ns.adobe.com/acme/mixins/1";
  const extending = { ...a, "meta:extends": [group] };
  const referring = { ...b, allOf: [{ $ref: "https://ns.adobe.com/xdm/context/experienceevent" }, { $ref: group }] };
  const other = { $id: "other", title: "Other", allOf: [{ $ref: "https://ns.adobe.com/acme/mixins/2" }] };
  stub.answer(first, { body: { results: [extending, other, { $id: "foreign" }, referring] } });
  expect((await listSchemasWith(client, group, signal)).map(({ $id }) => $id)).toEqual([a?.$id, b?.$id]);
});
