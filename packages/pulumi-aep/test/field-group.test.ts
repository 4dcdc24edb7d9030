import { Aep, errorOf, mark } from "./aep.ts";
import { PlatformStub } from "./platform-stub.ts";

const type = "aep:index:FieldGroup";
const hash = "8779fd45d6e4eb074300023a439862bbba359b60d451627a";
const id = `https://ns.adobe.com/acme/mixins/${hash}`;
const altId = `_acme.mixins.${hash}`;
const collection = "/data/foundation/schemaregistry/tenant/fieldgroups";
const one = `${collection}/${encodeURIComponent(id)}`;
const list = `GET ${collection}?property=title==Customer.io%20Events%2C%20dev`;
const stats = "GET /data/foundation/schemaregistry/stats";
const experienceEvent = "https://ns.adobe.com/xdm/context/experienceevent";
const lookup = "application/vnd.adobe.xed+json; version=1";

const inputs = {
  title: "Customer.io Events, dev",
  description: "What Customer.io reports.",
  definitions: {
    customFields: {
      type: "object",
      properties: {
        _acme: {
          type: "object",
          properties: { email: { title: "Email", type: "string" }, sent: { type: "string", format: "date-time" } },
        },
      },
    },
  },
  allOf: [{ $ref: "#/definitions/customFields" }],
};

const description = `${inputs.description} [Pulumi ${mark(type)}]`;

/** The same as the registry returns it. */
const answer = {
  $id: id,
  "meta:altId": altId,
  "meta:resourceType": "mixins",
  version: "1.0",
  title: inputs.title,
  type: "object",
  description,
  definitions: {
    customFields: {
      type: "object",
      "meta:xdmType": "object",
      properties: {
        _acme: {
          type: "object",
          "meta:xdmType": "object",
          properties: {
            email: { title: "Email", description: "", type: "string", isRequired: false, "meta:xdmType": "string" },
            sent: { type: "string", format: "date-time", "meta:xdmType": "date-time" },
          },
        },
      },
    },
  },
  allOf: [{ $ref: "#/definitions/customFields", type: "object", "meta:xdmType": "object" }],
  imsOrg: "0123456789ABCDEF01234567@AdobeOrg",
  "meta:extensible": true,
  "meta:abstract": true,
  "meta:intendedToExtend": [experienceEvent],
  "meta:xdmType": "object",
  "meta:containerId": "tenant",
  "meta:tenantNamespace": "_acme",
};
const { definitions: _definitions, allOf: _allOf, ...repeated } = inputs;
const state = { ...repeated, intendedToExtend: [experienceEvent], altId, version: "1.0" };

let stub: PlatformStub;
let aep: Aep;

beforeEach(async () => {
  stub = await new PlatformStub().start();
  aep = await Aep.connect(stub.url);
  stub.answer(list, { body: { results: [], _page: { count: 0 } } });
  stub.answer(stats, { body: { tenantId: "acme" } });
});
afterEach(() => stub.close());

test("is created by one POST, after a check for the title", async () => {
  stub.answer(`POST ${collection}`, { status: 201, body: answer });
  expect(await aep.create(type, inputs)).toMatchObject({ id, properties: state });
  expect(stub.requests).toEqual([
    { call: list, accept: "application/vnd.adobe.xed-id+json" },
    {
      call: `POST ${collection}`,
      body: {
        type: "object",
        title: inputs.title,
        description,
        "meta:intendedToExtend": [experienceEvent],
        definitions: inputs.definitions,
        allOf: inputs.allOf,
      },
    },
  ]);
});

test("after a lost answer it is found by title and mark", async () => {
  const found = { $id: id, "meta:altId": altId, version: "1.0", title: inputs.title };
  const namesake = { ...found, $id: `${id}0`, title: "Customer.io Events" };
  stub.answer(list, { body: { results: [namesake] } }, { body: { results: [namesake, found] } });
  stub.answer(`POST ${collection}`, { lost: true }).answer(`GET ${one}`, { body: answer });
  expect((await aep.create(type, inputs)).id).toBe(id);
  expect(stub.calls).toEqual([list, `POST ${collection}`, list, `GET ${one}`]);
  expect(aep.progress).toEqual(["no clear answer from Platform; checking whether the object was created"]);
});

test("a title of another object is an error that names it", async () => {
  const holder = "https://ns.adobe.com/acme/schemas/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  const detail = `Object titles must be unique. An object ${holder} already exists with the same title`;
  const body = { type: "http://ns.adobe.com/aep/errors/XDM-1521-400", title: "Title not unique", status: 400, detail };
  stub.answer(`POST ${collection}`, { status: 400, body });
  const { message } = await errorOf(aep.create(type, inputs));
  expect(message).toContain('Could not create the field group "Customer.io Events, dev"');
  expect(message).toContain(holder);
  expect(message).toContain("choose another title.");
  // A schema can't be a field group.
  expect(message).not.toContain("pulumi import");
});

test("a refresh right after shows no difference", async () => {
  stub.answer(`GET ${one}`, { body: answer });
  const checked = await aep.check(type, inputs);
  const found = await aep.read(type, id, checked, state);
  expect(found).toEqual({ id, inputs: checked, properties: state });
  expect(stub.requests).toEqual([{ call: `GET ${one}`, accept: lookup }]);
});

test.each([
  ["$id", id],
  ["meta:altId", altId],
])("is imported by its %s, with everything that a program needs", async (_, given) => {
  stub.answer(`GET ${collection}/${encodeURIComponent(given)}`, { body: answer });
  const found = await aep.read(type, given);
  expect(found).toEqual({ id, inputs: { ...inputs, intendedToExtend: [experienceEvent] }, properties: state });
  const program = await aep.check(type, inputs);
  expect((await aep.diff(type, id, found?.inputs ?? {}, program)).detailed).toEqual({});
});

test("a change made by hand is shown with its path", async () => {
  const changed = structuredClone(answer);
  Object.assign(changed.definitions.customFields.properties._acme.properties, { email: { type: "integer" } });
  stub.answer(`GET ${one}`, { body: changed });
  const checked = await aep.check(type, inputs);
  const found = await aep.read(type, id, checked, state);
  expect((await aep.diff(type, id, checked, found?.inputs ?? {})).detailed).toEqual({
    "definitions.customFields.properties._acme.properties.email.title": "delete",
    "definitions.customFields.properties._acme.properties.email.type": "update",
  });
});

test("fields that others have added are left alone, and an update keeps them", async () => {
  const added = { phone: { type: "string", "meta:xdmType": "string" } };
  const changed = structuredClone(answer);
  Object.assign(changed.definitions.customFields.properties._acme.properties, added);
  Object.assign(changed.definitions, { theirs: { type: "object", properties: { _acme: { type: "object" } } } });
  changed.allOf.push({ $ref: "#/definitions/theirs" } as (typeof changed.allOf)[number]);
  stub.answer(`GET ${one}`, { body: changed });
  stub.answer(`PUT ${one}`, { body: changed });
  const checked = await aep.check(type, inputs);
  expect(await aep.read(type, id, checked, state)).toEqual({ id, inputs: checked, properties: state });

  const news = structuredClone(inputs) as typeof inputs & { definitions: typeof answer.definitions };
  const { properties } = news.definitions.customFields.properties._acme;
  Object.assign(properties, { metric: { type: "string" } });
  Reflect.deleteProperty(properties, "sent");
  await aep.update(type, id, inputs, news, state);
  const sent = stub.requests.at(-1)?.body as typeof answer;
  expect(Object.keys(sent.definitions.customFields.properties._acme.properties)).toEqual([
    ...Object.keys(properties),
    "phone",
  ]);
  expect(Object.keys(sent.definitions)).toEqual(["customFields", "theirs"]);
  expect(sent.allOf).toEqual([...(inputs.allOf as object[]), { $ref: "#/definitions/theirs" }]);
});

test("is gone only when the registry says so", async () => {
  stub.answer(`GET ${one}`, { status: 404, body: { type: "http://ns.adobe.com/aep/errors/XDM-1011-404" } });
  expect(await aep.read(type, id)).toBeUndefined();
  stub.answer(`GET ${one}`, { status: 403, body: { error_code: "403025", message: "Profile is not valid" } });
  await expect(aep.read(type, id)).rejects.toThrow("aep:orgId");
});

test("is updated by a PUT of everything", async () => {
  stub.answer(`GET ${one}`, { body: answer });
  stub.answer(`PUT ${one}`, { body: { ...answer, title: "Other", version: "1.1" } });
  const news = { ...inputs, title: "Other" };
  expect((await aep.diff(type, id, await aep.check(type, inputs), await aep.check(type, news))).detailed).toEqual({
    title: "update",
  });
  expect(await aep.update(type, id, inputs, news, state)).toMatchObject({ title: "Other", altId, version: "1.1" });
  expect(stub.requests).toEqual([
    { call: `GET ${one}`, accept: lookup },
    {
      call: `PUT ${one}`,
      body: {
        type: "object",
        title: "Other",
        description,
        "meta:intendedToExtend": [experienceEvent],
        definitions: inputs.definitions,
        allOf: inputs.allOf,
      },
    },
  ]);
});

test("a breaking change that is refused names the fields", async () => {
  stub.answer(`GET ${one}`, { body: answer });
  stub.answer(`PUT ${one}`, { status: 400, body: { title: "Bad request", detail: "Breaking change" } });
  const without = structuredClone(inputs) as {
    definitions: { customFields: { properties: { _acme: { properties: object } } } };
  };
  without.definitions.customFields.properties._acme.properties = { sent: { type: "string" } };
  const { message } = await errorOf(aep.update(type, id, inputs, { ...inputs, definitions: without.definitions }));
  expect(message).toBe(
    'Could not update the field group "Customer.io Events, dev": Adobe Experience Platform answered 400: Breaking change. ' +
      "The change removes fields, or gives them another type or fewer values (_acme.email, _acme.sent). Platform allows that only if no " +
      "dataset has ever used the schema, not even one that is deleted by now: leave the field unchanged and add a new one beside it.",
  );
});

test("is deleted; a missing one is fine, and use by a schema is reported", async () => {
  stub.answer(`DELETE ${one}`, { status: 204 }, { status: 404 }, { status: 400, body: { detail: "In use" } });
  const users = "GET /data/foundation/schemaregistry/tenant/schemas?orderby=title&limit=300";
  stub.answer(users, { body: { results: [] } });
  await aep.delete(type, id, state);
  await aep.delete(type, id, state);
  expect((await errorOf(aep.delete(type, id, state))).message).toBe(
    'Could not delete the field group "Customer.io Events, dev": Adobe Experience Platform answered 400: In use. ' +
      "Platform keeps a field group as long as a schema uses it: first remove it from those schemas. " +
      "If an update of a schema of this stack was interrupted, npx pulumi up records in the state what the schema uses; then run the command again.",
  );
  // Longer than usual, since this process has just deleted something.
  expect(stub.calls).toEqual([`DELETE ${one}`, `DELETE ${one}`, stats, ...Array(15).fill(`DELETE ${one}`), users]);

  stub.forget();
  const fresh = await Aep.connect(stub.url);
  await expect(fresh.delete(type, id, state)).rejects.toThrow("In use");
  expect(stub.calls).toEqual([...Array(5).fill(`DELETE ${one}`), users]);
});

test("waits for a schema that is being deleted beside it", async () => {
  stub.answer(`DELETE ${one}`, { status: 400, body: { detail: "In use" } }, { status: 204 });
  await aep.delete(type, id, state);
  expect(stub.calls).toEqual([`DELETE ${one}`, `DELETE ${one}`]);
});

test("mistakes in definitions are reported on their property", async () => {
  const misplaced = {
    ...inputs,
    definitions: { customFields: { type: "object", properties: { email: { type: "string" } } } },
  };
  await expect(aep.check(type, misplaced)).rejects.toThrow(
    "definitions.customFields.properties.email: Custom fields must be under _<tenant id>; aep:index:getTenant returns it.",
  );
  await expect(aep.check(type, { ...inputs, allOf: [{ $ref: "#/definitions/other" }] })).rejects.toThrow(
    'allOf[0].$ref: There is no definition "other" in definitions.',
  );
});
