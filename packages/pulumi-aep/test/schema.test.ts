import { Aep, errorOf, mark } from "./aep.ts";
import { PlatformStub } from "./platform-stub.ts";

const type = "aep:index:Schema";
const hash = "e417987b8b861d373ef4d0fe8ad61fa4c15fa0274332c8af";
const id = `https://ns.adobe.com/acme/schemas/${hash}`;
const altId = `_acme.schemas.${hash}`;
const collection = "/data/foundation/schemaregistry/tenant/schemas";
const one = `${collection}/${encodeURIComponent(id)}`;
const list = `GET ${collection}?property=title==Customer.io`;
const experienceEvent = "https://ns.adobe.com/xdm/context/experienceevent";
const [groupA, groupB] = ["https://ns.adobe.com/acme/mixins/aaaa", "https://ns.adobe.com/acme/mixins/bbbb"];

const inputs = { title: "Customer.io", fieldGroupIds: [groupB, groupA] };
const answer = {
  $id: id,
  "meta:altId": altId,
  "meta:resourceType": "schemas",
  version: "1.0",
  title: "Customer.io",
  type: "object",
  description: "",
  allOf: [experienceEvent, groupA, groupB].map(($ref) => ({ $ref, type: "object", "meta:xdmType": "object" })),
  refs: [groupA, groupB, experienceEvent],
  imsOrg: "0123456789ABCDEF01234567@AdobeOrg",
  "meta:extends": [experienceEvent, "https://ns.adobe.com/xdm/data/time-series", groupA, groupB],
  "meta:class": experienceEvent,
  "meta:containerId": "tenant",
  "meta:tenantNamespace": "_acme",
};
const state = { ...inputs, classId: experienceEvent, altId, version: "1.0" };

let stub: PlatformStub;
let aep: Aep;

beforeEach(async () => {
  stub = await new PlatformStub().start();
  aep = await Aep.connect(stub.url);
  stub.answer(list, { body: { results: [] } });
});
afterEach(() => stub.close());

test("is created from class and field groups", async () => {
  stub.answer(`POST ${collection}`, { status: 201, body: answer });
  expect(await aep.create(type, inputs)).toMatchObject({ id, properties: state });
  expect(stub.requests).toEqual([
    { call: list, accept: "application/vnd.adobe.xed-id+json" },
    {
      call: `POST ${collection}`,
      body: {
        type: "object",
        title: "Customer.io",
        description: `[Pulumi ${mark(type)}]`,
        allOf: [{ $ref: experienceEvent }, { $ref: groupB }, { $ref: groupA }],
      },
    },
  ]);
});

test("a refresh right after shows no difference, in whatever order the groups come", async () => {
  stub.answer(`GET ${one}`, { body: answer });
  const checked = await aep.check(type, inputs);
  expect(await aep.read(type, id, checked, state)).toEqual({ id, inputs: checked, properties: state });
  expect(stub.requests).toEqual([{ call: `GET ${one}`, accept: "application/vnd.adobe.xed+json; version=1" }]);
});

test("is imported by its meta:altId under its $id", async () => {
  stub.answer(`GET ${collection}/${altId}`, { body: { ...answer, description: "By hand." } });
  expect(await aep.read(type, altId)).toEqual({
    id,
    inputs: {
      title: "Customer.io",
      description: "By hand.",
      classId: experienceEvent,
      fieldGroupIds: [groupA, groupB],
    },
    properties: { ...state, description: "By hand.", fieldGroupIds: [groupA, groupB] },
  });
});

test("another order of groups is not a change; another class replaces the schema after deleting the old one", async () => {
  const before = await aep.check(type, inputs);
  const reordered = await aep.check(type, { ...inputs, fieldGroupIds: [groupA, groupB] });
  expect((await aep.diff(type, id, before, reordered)).detailed).toEqual({});
  const profile = await aep.check(type, { ...inputs, classId: "https://ns.adobe.com/xdm/context/profile" });
  expect(await aep.diff(type, id, before, profile)).toEqual({
    detailed: { classId: "update-replace" },
    deleteBeforeReplace: true,
  });
});

test("is updated by a PUT that keeps Profile's tag", async () => {
  stub.answer(`GET ${one}`, { body: { ...answer, "meta:immutableTags": ["union"] } });
  stub.answer(`PUT ${one}`, { body: { ...answer, version: "1.1" } });
  const news = { ...inputs, description: "New." };
  expect(await aep.update(type, id, inputs, news, state)).toEqual({ ...state, description: "New.", version: "1.1" });
  expect(stub.requests.at(-1)).toEqual({
    call: `PUT ${one}`,
    body: {
      type: "object",
      title: "Customer.io",
      description: `New. [Pulumi ${mark(type)}]`,
      allOf: [{ $ref: experienceEvent }, { $ref: groupB }, { $ref: groupA }],
      "meta:immutableTags": ["union"],
    },
  });
});

test("field groups that others have added are left alone, and an update keeps them", async () => {
  const theirs = { $ref: "https://ns.adobe.com/acme/mixins/theirs" };
  stub.answer(`GET ${one}`, { body: { ...answer, allOf: [...answer.allOf, theirs] } });
  stub.answer(`PUT ${one}`, { body: { ...answer, version: "1.1" } });
  const checked = await aep.check(type, inputs);
  expect(await aep.read(type, id, checked, state)).toEqual({ id, inputs: checked, properties: state });
  await aep.update(type, id, inputs, { ...inputs, fieldGroupIds: [groupA] }, state);
  expect(stub.requests.at(-1)?.body).toMatchObject({ allOf: [{ $ref: experienceEvent }, { $ref: groupA }, theirs] });
});

test("a removed field group that is refused is named", async () => {
  stub.answer(`GET ${one}`, { body: answer });
  stub.answer(`PUT ${one}`, { status: 400, body: { detail: "Breaking change" } });
  const { message } = await errorOf(aep.update(type, id, inputs, { ...inputs, fieldGroupIds: [groupB] }));
  expect(message).toContain(
    `The change removes field groups (${groupA}). Platform allows that only if no dataset has ever used the schema, not even one that is deleted by now.`,
  );
});

test("is deleted unless a dataset uses it", async () => {
  stub.answer(`GET ${one}`, { body: answer });
  stub.answer("GET /data/foundation/schemaregistry/tenant/descriptors", { body: {} });
  stub.answer(`DELETE ${one}`, { status: 204 }, { status: 400, body: { detail: "Referenced" } });
  await aep.delete(type, id, state);
  expect((await errorOf(aep.delete(type, id, state))).message).toBe(
    'Could not delete the schema "Customer.io": Adobe Experience Platform answered 400: Referenced. ' +
      "Platform keeps a schema as long as a dataset uses it: first delete those datasets.",
  );
});

test("descriptors that people have added are deleted with it, whatever their type, and other schemas' are not", async () => {
  stub.answer(`GET ${one}`, { body: answer });
  const descriptor = (name: string, schemaId = id) => ({ "@id": name, "xdm:sourceSchema": schemaId });
  stub.answer("GET /data/foundation/schemaregistry/tenant/descriptors", {
    body: {
      "xdm:descriptorIdentity": [{ ...descriptor("identity"), "xdm:property": "xdm:id", "xdm:namespace": 6 }],
      "xdm:descriptorLabel": [descriptor("label"), descriptor("other", "https://ns.adobe.com/acme/schemas/other")],
    },
  });
  stub.answer("GET /data/foundation/catalog/dataSets?orderBy=desc:created&limit=100&properties=schemaRef", {
    body: {},
  });
  for (const name of ["identity", "label"]) {
    stub.answer(`DELETE /data/foundation/schemaregistry/tenant/descriptors/${name}`, { status: 204 });
  }
  stub.answer(`DELETE ${one}`, { status: 204 });
  await aep.delete(type, id, state);
  expect(aep.progress).toEqual([
    "deletes the descriptor identity (descriptorIdentity) along with the schema",
    "deletes the descriptor label (descriptorLabel) along with the schema",
  ]);
  expect(stub.calls.filter((call) => call.startsWith("DELETE"))).toHaveLength(3);
});

test("a descriptor that the credential may not delete does not prevent the schema's deletion, if Platform accepts that", async () => {
  stub.answer(`GET ${one}`, { body: answer });
  stub.answer("GET /data/foundation/schemaregistry/tenant/descriptors", {
    body: { "xdm:descriptorLabel": [{ "@id": "label", "xdm:sourceSchema": id }] },
  });
  stub.answer("GET /data/foundation/catalog/dataSets?orderBy=desc:created&limit=100&properties=schemaRef", {
    body: {},
  });
  const label = "DELETE /data/foundation/schemaregistry/tenant/descriptors/label";
  stub.answer(label, { status: 403, body: { detail: "Forbidden" } });
  stub.answer(`DELETE ${one}`, { status: 204 });
  await aep.delete(type, id, state);
  expect(aep.progress).toEqual([
    "deletes the descriptor label (descriptorLabel) along with the schema",
    expect.stringContaining("Could not delete the descriptor label: Adobe Experience Platform answered 403"),
  ]);
  expect(stub.calls.at(-1)).toBe(`DELETE ${one}`);
});

test("a schema in Profile is left in Platform without an attempt to delete it", async () => {
  stub.answer(`GET ${one}`, { body: { ...answer, "meta:immutableTags": ["union"] } });
  expect((await errorOf(aep.delete(type, id, state))).message).toBe(
    `The schema "Customer.io" (${id}) has been enabled for Profile, and Platform never deletes such a schema. ` +
      "Leave it in Platform: give the schema, its field groups and its primary identity, if it has one, the resource option retainOnDelete " +
      "and run npx pulumi up before you destroy, or remove it from the stack now: " +
      `npx pulumi state delete 'urn:pulumi:dev::test::${type}::thing'`,
  );
  expect(stub.calls).toEqual([`GET ${one}`]);
});

test("a schema that is gone is deleted", async () => {
  stub.answer(`GET ${one}`, { status: 404, body: { type: "http://ns.adobe.com/aep/errors/XDM-1012-404" } });
  stub.answer("GET /data/foundation/schemaregistry/stats", { body: { tenantId: "acme" } });
  await aep.delete(type, id, state);
  expect(stub.calls).not.toContain(`DELETE ${one}`);
});
