import { localCredentials } from "../../local-cloud/src/credentials.ts";
import { type PlatformStandIn, startPlatform } from "../../local-cloud/src/platform/platform.ts";
import { Aep, errorOf } from "./aep.ts";

const { tenantId, ...credential } = localCredentials.platform;
const type = "aep:index:ProfileEnablement";
const identityMap = "https://ns.adobe.com/xdm/context/identitymap";
const unknown = `https://ns.adobe.com/${tenantId}/schemas/${"0".repeat(48)}`;

let platform: PlatformStandIn;
let aep: Aep;

beforeEach(async () => {
  platform = await startPlatform({ credentials: credential, tenantId, sandboxes: [credential.sandbox] });
  aep = await Aep.connect(platform.url, { ...credential });
});
afterEach(() => platform.close());

const fields = {
  title: "Fields",
  definitions: {
    custom: {
      type: "object",
      properties: { [`_${tenantId}`]: { type: "object", properties: { email: { type: "string" } } } },
    },
  },
  allOf: [{ $ref: "#/definitions/custom" }],
};
const schemaOf = (fieldGroupIds: string[]) => aep.create("aep:index:Schema", { title: "Events", fieldGroupIds });

test("a schema joins Profile by its identity map, forever", async () => {
  const schema = await schemaOf([identityMap]);
  expect(await aep.read(type, schema.id)).toBeUndefined();
  const made = await aep.create(type, { schemaId: schema.id });
  expect(made).toMatchObject({ id: schema.id, properties: { schemaId: schema.id } });
  expect((await aep.read(type, schema.id))?.inputs).toEqual({ schemaId: schema.id });

  await aep.delete(type, schema.id, made.properties);
  expect(aep.progress.at(-1)).toBe(
    `the schema "Events" (${schema.id}) stays in Platform, and so do its field groups and its primary identity, if it has one: ` +
      "Platform never deletes a schema that was enabled for Profile. It can be used again by its id.",
  );
  expect((await aep.read(type, schema.id))?.id).toBe(schema.id);
});

test("it is imported by its schema's meta:altId too", async () => {
  const schema = await schemaOf([identityMap]);
  await aep.create(type, { schemaId: schema.id });
  expect((await aep.read(type, String(schema.properties.altId)))?.id).toBe(schema.id);
});

test("a schema that is in Profile already is unchanged, with a message", async () => {
  const schema = await schemaOf([identityMap]);
  await aep.create(type, { schemaId: schema.id });
  await aep.create(type, { schemaId: schema.id });
  expect(aep.progress.at(-1)).toBe('the schema "Events" was already enabled for Profile');
});

test("a schema without an identity is refused, with what it needs", async () => {
  const schema = await schemaOf([]);
  const { message } = await errorOf(aep.create(type, { schemaId: schema.id }));
  expect(message).toContain("XDM-1528-400");
  expect(message).toContain("A schema joins Profile once it has a primary identity");
});

test("a schema that does not exist is reported; removing the enablement of a deleted one succeeds", async () => {
  await expect(aep.create(type, { schemaId: unknown })).rejects.toThrow(`There is no schema ${unknown}`);
  await aep.delete(type, unknown);
  expect(aep.progress).toEqual([]);
});

test("a schema in Profile refuses its deletion, as do its field groups and its primary identity, and names the way out", async () => {
  const group = await aep.create("aep:index:FieldGroup", fields);
  const schema = await schemaOf([group.id]);
  const primary = { schemaId: schema.id, sourceProperty: `/_${tenantId}/email`, namespace: "Email", isPrimary: true };
  const descriptor = await aep.create("aep:index:IdentityDescriptor", primary);
  await aep.create(type, { schemaId: schema.id });
  for (const [kind, made, what] of [
    ["IdentityDescriptor", descriptor, `The identity descriptor ${descriptor.id}`],
    ["Schema", schema, `The schema "Events" (${schema.id})`],
    ["FieldGroup", group, `The field group "Fields" (${group.id})`],
  ] as const) {
    const { message } = await errorOf(aep.delete(`aep:index:${kind}`, made.id, made.properties));
    expect(message).toContain(what);
    expect(message).toContain("enabled for Profile");
    expect(message).toContain(
      "its field groups and its primary identity, if it has one, the resource option retainOnDelete and run",
    );
    expect(message).toContain(`npx pulumi state delete 'urn:pulumi:dev::test::aep:index:${kind}::thing'`);
  }
});
