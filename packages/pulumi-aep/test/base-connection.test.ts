import { PartialFailure } from "../../pulumi-provider-kit/src/engine/provider.ts";
import { Secret } from "../../pulumi-provider-kit/src/engine/values.ts";
import { Aep, errorOf, mark } from "./aep.ts";
import { type Answer, PlatformStub } from "./platform-stub.ts";

const type = "aep:index:BaseConnection";
const id = "b7d9e1f3-4a5c-4e6d-8f70-1a2b3c4d5e6f";
const collection = "/data/foundation/flowservice/connections";
const one = `${collection}/${id}`;
const list = `GET ${collection}?orderby=-createdAt&limit=100`;
const etag = '"af00a717-0000-0200-0000-63ef2cbd0000"';
const inputs = { name: "Endpoint", description: "Events." };
const inletUrl = "https://dcs.adobedc.net/collection/667b41cf2dbf3509";
const body = {
  name: "Endpoint",
  description: `Events. [Pulumi ${mark(type)}]`,
  connectionSpec: { id: "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", version: "1.0" },
  auth: {
    specName: "Streaming Connection",
    params: { sourceId: "Endpoint", dataType: "raw", name: "Endpoint", authenticationRequired: true },
  },
};
const closed = { ...body, id, state: "enabled", etag };
const open = { ...closed, auth: { ...body.auth, params: { ...body.auth.params, inletUrl } } };

let stub: PlatformStub;
let aep: Aep;
beforeEach(async () => {
  stub = await new PlatformStub().start();
  aep = await Aep.connect(stub.url);
  stub.answer(list, { body: { items: [] } }).answer(`POST ${collection}`, { status: 201, body: { id, etag } });
  stub.answer(`GET ${one}`, { body: { items: [open] } });
});
afterEach(() => stub.close());

test("is created with authentication, and waits for its endpoint, which is a secret", async () => {
  stub.answer(`GET ${one}`, { body: { items: [closed] } }, { body: { items: [open] } });
  const made = await aep.create(type, inputs);
  expect(made.properties).toEqual({
    ...inputs,
    dataType: "raw",
    authenticationRequired: true,
    inletUrl: new Secret(inletUrl),
  });
  expect(stub.requests.find(({ call }) => call.startsWith("POST"))?.body).toEqual(body);
});

test("Platform may show a new connection late", async () => {
  const late: Answer = { status: 404, body: { title: "Resource not found" } };
  stub.answer("GET /data/foundation/schemaregistry/stats", { body: { tenantId: "acme" } });
  stub.answer(`GET ${one}`, late, late, { body: { items: [open] } });
  expect((await aep.create(type, inputs)).properties).toMatchObject({ inletUrl: new Secret(inletUrl) });
});

test("a connection that can't be read after its creation is kept, and finished by the next up", async () => {
  stub.answer(`GET ${one}`, { status: 403, body: { title: "Forbidden" } });
  const error = await errorOf(aep.create(type, inputs));
  expect(error).toBeInstanceOf(PartialFailure);
  expect(error).toMatchObject({
    id,
    message: expect.stringContaining("Run npx pulumi up again to continue."),
  });
  stub.answer(`GET ${one}`, { body: { items: [open] } });
  const { inputs: kept } = error as PartialFailure;
  expect(await aep.update(type, id, kept, kept)).toMatchObject({ inletUrl: new Secret(inletUrl) });
});

test("a refresh shows no difference, and an import reads everything", async () => {
  const checked = await aep.check(type, inputs);
  const expected = { id, inputs: checked, properties: { ...checked, inletUrl: new Secret(inletUrl) } };
  expect(await aep.read(type, id, checked, expected.properties)).toEqual(expected);
  expect(await aep.read(type, id)).toEqual(expected);
  stub.answer(`GET ${one}`, { body: { items: [{ ...closed, auth: null }] } });
  await expect(aep.read(type, id)).rejects.toThrow("so it does not belong to an HTTP API source");
});

test("a change of name is a patch, one of authentication a replacement", async () => {
  stub.answer(`PATCH ${one}`, { body: { id, etag } });
  const state = { ...(await aep.check(type, inputs)), inletUrl: new Secret(inletUrl) };
  const updated = await aep.update(type, id, inputs, { ...inputs, name: "Renamed" }, state);
  expect(updated).toMatchObject({ name: "Renamed", inletUrl: new Secret(inletUrl) });
  expect(stub.requests.at(-1)).toEqual({
    call: `PATCH ${one}`,
    body: [{ op: "replace", path: "/name", value: "Renamed" }],
    ifMatch: etag,
  });
  const [before, after] = [
    await aep.check(type, inputs),
    await aep.check(type, { ...inputs, authenticationRequired: false }),
  ];
  expect((await aep.diff(type, id, before, after)).detailed).toEqual({ authenticationRequired: "update-replace" });
});

test("can't be deleted while a dataflow uses it", async () => {
  const used = { status: 400, body: { type: "https://ns.adobe.com/aep/errors/FLOW-1418-400", title: "In use" } };
  stub.answer(`DELETE ${one}`, used);
  await expect(aep.delete(type, id)).rejects.toThrow("First delete the dataflows that use it");
  stub.answer(`DELETE ${one}`, used, { status: 204 });
  await aep.delete(type, id);
});
