import { fieldGroupBody } from "../../../events/field-group.ts";
import { eventFields } from "../../../events/fields.ts";
import { checkSchemaFit } from "../../../events/schema-fit.ts";
import { localCredentials } from "../../local-cloud/src/credentials.ts";
import { type PlatformStandIn, startPlatform } from "../../local-cloud/src/platform/platform.ts";
import type { PropertyMap } from "../../pulumi-provider-kit/src/engine/values.ts";
import { Aep } from "./aep.ts";
import { ByHand } from "./by-hand.ts";

const { tenantId, ...credential } = localCredentials.platform;
const experienceEvent = "https://ns.adobe.com/xdm/context/experienceevent";

let platform: PlatformStandIn;
let aep: Aep;

beforeAll(async () => {
  platform = await startPlatform({ credentials: credential, tenantId, sandboxes: [credential.sandbox] });
  aep = await Aep.connect(platform.url, { ...credential });
});
afterAll(() => platform.close());

const call = (name: string, args: PropertyMap = {}) => aep.provider.invoke(`aep:index:${name}`, args);

describe("a schema", () => {
  let id: string;
  let altId: string;

  beforeAll(async () => {
    const fields = { title: "Fields", ...fieldGroupBody(tenantId) } as unknown as PropertyMap;
    const group = await aep.create("aep:index:FieldGroup", fields);
    const schema = await aep.create("aep:index:Schema", { title: "Events by hand", fieldGroupIds: [group.id] });
    id = schema.id;
    altId = String(schema.properties.altId);
  });

  test.each(["$id", "meta:altId", "title"])("is found by its %s, with all its fields", async (spelling) => {
    const schema = { $id: id, "meta:altId": altId, title: "Events by hand" }[spelling] ?? "";
    const found = await call("getSchema", { schema });
    expect(found).toMatchObject({
      id,
      title: "Events by hand",
      classId: experienceEvent,
      timeSeries: true,
      profileEnabled: false,
    });
    expect(found.primaryIdentity).toBeUndefined();
    const { fields, missing, unfit } = checkSchemaFit(found.definition as PropertyMap, tenantId);
    expect([fields, missing, unfit]).toEqual([eventFields, [], []]);
    expect(found.definition).toMatchObject({ required: ["_id", "timestamp"] });
  });

  test("returns its primary identity", async () => {
    const sourceProperty = `/_${tenantId}/customerio/email`;
    const identity = { schemaId: id, sourceProperty, namespace: "Email", isPrimary: true };
    const descriptor = await aep.create("aep:index:IdentityDescriptor", identity);
    expect((await call("getSchema", { schema: id })).primaryIdentity).toBe(sourceProperty);
    await aep.delete("aep:index:IdentityDescriptor", descriptor.id);
  });

  test("of record class is reported as such", async () => {
    const classId = "https://ns.adobe.com/xdm/context/profile";
    await aep.create("aep:index:Schema", { title: "People", fieldGroupIds: [], classId });
    expect(await call("getSchema", { schema: "People" })).toMatchObject({ classId, timeSeries: false });
  });

  test.each(["No such title", `https://ns.adobe.com/${tenantId}/schemas/0000`, `_${tenantId}.schemas.0000`])(
    "that does not exist (%s) is reported",
    async (schema) => {
      await expect(call("getSchema", { schema })).rejects.toThrow(
        `There is no schema "${schema}" in the sandbox of aep:sandbox.`,
      );
    },
  );

  test("is looked for by its title", async () => {
    const schemas = [{ id, title: "Events by hand", profileEnabled: false }];
    expect(await call("getSchemas", { title: "Events by hand" })).toEqual({ schemas });
    expect(await call("getSchemas", { title: "Events" })).toEqual({ schemas: [] });
  });
});

describe("a dataset", () => {
  let schemaId: string;
  const ids: string[] = [];

  beforeAll(async () => {
    const identityMap = "https://ns.adobe.com/xdm/context/identitymap";
    const schema = await aep.create("aep:index:Schema", { title: "Schema of datasets", fieldGroupIds: [identityMap] });
    schemaId = schema.id;
    await aep.create("aep:index:ProfileEnablement", { schemaId });
    for (const [name, profile] of [
      ["One", false],
      ["Two", true],
      ["Twice", false],
    ] as const) {
      ids.push((await aep.create("aep:index:Dataset", { name, schemaId, profile })).id);
    }
    const contentType = "application/vnd.adobe.xed+json;version=1";
    const byHand = new ByHand(platform.url, credential);
    ids.push(await byHand.dataset({ name: "Twice", schemaRef: { id: schemaId, contentType } }));
  });

  test("is found by its id and by its name", async () => {
    const one = { id: ids[0], name: "One", schemaId, profileEnabled: false };
    expect(await call("getDataset", { dataset: ids[0] ?? "" })).toEqual(one);
    expect(await call("getDataset", { dataset: "One" })).toEqual(one);
    expect(await call("getDataset", { dataset: "Two" })).toMatchObject({ id: ids[1], profileEnabled: true });
  });

  test("is found by its schema", async () => {
    const { datasetIds } = (await call("getDatasets", { schemaId })) as { datasetIds: string[] };
    expect(datasetIds.sort()).toEqual(ids.toSorted());
    expect(await call("getDatasets", { schemaId: "https://ns.adobe.com/other" })).toEqual({ datasetIds: [] });
  });

  test("with an ambiguous name is refused with the ids", async () => {
    await expect(call("getDataset", { dataset: "Twice" })).rejects.toThrow(
      `Several datasets have the name "Twice" (${ids[2]}, ${ids[3]}). Give the id of one.`,
    );
  });

  test.each(["Mails, messages", "!Mails", "Mails*", "a==b"])(
    "is found by the name %s, which would be a filter",
    async (name) => {
      const { id } = await aep.create("aep:index:Dataset", { name, schemaId });
      await aep.create("aep:index:Dataset", { name: `${name} and more`, schemaId });
      expect(await call("getDataset", { dataset: name })).toMatchObject({ id, name });
    },
  );

  test.each(["No such name", "0".repeat(24)])("that does not exist (%s) is reported", async (dataset) => {
    await expect(call("getDataset", { dataset })).rejects.toThrow(`There is no dataset "${dataset}" in the sandbox`);
  });
});

test("identity namespaces are found by their codes", async () => {
  expect(await call("getIdentityNamespaces")).toEqual({
    codes: ["ECID", "Email", "Phone", "Email_LC_SHA256", "Phone_SHA256"],
  });
});
