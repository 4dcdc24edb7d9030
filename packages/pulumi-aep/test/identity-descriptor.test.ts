import { Aep, errorOf } from "./aep.ts";
import { PlatformStub } from "./platform-stub.ts";

const type = "aep:index:IdentityDescriptor";
const id = "557ab9db09a9451820c1dca6b8bc13473695ac63c56934eb";
const collection = "/data/foundation/schemaregistry/tenant/descriptors";
const schemaId = "https://ns.adobe.com/acme/schemas/e417987b";

const inputs = { schemaId, sourceProperty: "/_acme/customerio/email", namespace: "Email", isPrimary: true };
const body = {
  "@type": "xdm:descriptorIdentity",
  "xdm:sourceSchema": schemaId,
  "xdm:sourceVersion": 1,
  "xdm:sourceProperty": "/_acme/customerio/email",
  "xdm:namespace": "Email",
  "xdm:property": "xdm:code",
  "xdm:isPrimary": true,
};
const answer = { ...body, "@id": id, imsOrg: "x", version: "1", "meta:containerId": "tenant" };

let stub: PlatformStub;
let aep: Aep;

beforeEach(async () => {
  stub = await new PlatformStub().start();
  aep = await Aep.connect(stub.url);
  stub.answer(`GET ${collection}`, { body: {} });
});
afterEach(() => stub.close());

test("is created", async () => {
  stub.answer(`POST ${collection}`, { status: 201, body: answer });
  const made = await aep.create(type, inputs);
  expect(made).toEqual({ id, inputs: made.inputs, properties: { ...inputs, schemaVersion: 1 } });
  expect(stub.requests).toEqual([
    { call: `GET ${collection}`, accept: "application/vnd.adobe.xdm+json" },
    { call: `POST ${collection}`, body },
  ]);
});

test("after a lost answer it is found among the schema's descriptors", async () => {
  const others = [
    { ...answer, "@id": "1", "xdm:namespace": "Phone" },
    { "@id": "2", "@type": "xdm:descriptorIdentity" },
  ];
  stub.answer(
    `GET ${collection}`,
    { body: { "xdm:descriptorIdentity": others } },
    { body: { "xdm:descriptorIdentity": [...others, answer] } },
  );
  stub.answer(`POST ${collection}`, { status: 504, body: {} });
  expect((await aep.create(type, inputs)).id).toBe(id);
});

test("what an interrupted run created for a schema of the program is adopted", async () => {
  stub.answer(`GET ${collection}`, { body: { "xdm:descriptorIdentity": [answer] } });
  stub.answer(`GET ${collection}/${id}`, { body: answer });
  const schema = await aep.check("aep:index:Schema", { title: "Events", fieldGroupIds: [] });
  await aep.diff("aep:index:Schema", schemaId, schema, schema);
  expect((await aep.create(type, inputs)).id).toBe(id);
  expect(aep.progress).toEqual([`adopts ${id}, which an interrupted run created for this resource`]);
});

test("the same one on a schema of somebody else is refused, with the import that takes it into the stack", async () => {
  stub.answer(`GET ${collection}`, { body: { "xdm:descriptorIdentity": [answer] } });
  const { message } = await errorOf(aep.create(type, inputs));
  expect(message).toContain(`The schema ${schemaId} already has this identity descriptor (${id}).`);
  expect(message).toContain(`npx pulumi import ${type} thing ${id}`);
  expect(stub.calls).toEqual([`GET ${collection}`]);
});

test("one that the same run has deleted, and that is still listed, does not stop its successor", async () => {
  stub.answer(`GET ${collection}`, { body: { "xdm:descriptorIdentity": [answer] } });
  stub.answer(`DELETE ${collection}/${id}`, { status: 204 });
  stub.answer(`POST ${collection}`, { status: 201, body: { ...answer, "@id": "new" } });
  await aep.delete(type, id);
  expect((await aep.create(type, inputs)).id).toBe("new");
});

test("is read and imported by its @id", async () => {
  stub.answer(`GET ${collection}/${id}`, { body: answer });
  const expected = { ...inputs, schemaVersion: 1 };
  expect(await aep.read(type, id)).toEqual({ id, inputs: expected, properties: expected });
});

test("one whose namespace is a numeric id is imported", async () => {
  stub.answer(`GET ${collection}/${id}`, { body: { ...answer, "xdm:property": "xdm:id", "xdm:namespace": 6 } });
  expect((await aep.read(type, id))?.inputs).toMatchObject({ namespace: "6" });
});

test("every change replaces, deleting the old one first", async () => {
  const [before, after] = [await aep.check(type, inputs), await aep.check(type, { ...inputs, isPrimary: false })];
  expect(await aep.diff(type, id, before, after)).toEqual({
    detailed: { isPrimary: "update-replace" },
    deleteBeforeReplace: true,
  });
});

test("is deleted", async () => {
  stub.answer(`DELETE ${collection}/${id}`, { status: 204 });
  await aep.delete(type, id);
  expect(stub.calls).toEqual([`DELETE ${collection}/${id}`]);
});

test.each(["_acme/customerio/email", "/properties/_acme/properties/email"])(
  "the path %s is a mistake",
  async (sourceProperty) => {
    await expect(aep.check(type, { ...inputs, sourceProperty })).rejects.toThrow(
      'it must be a path such as "/_tenant/customerio/email"',
    );
  },
);
