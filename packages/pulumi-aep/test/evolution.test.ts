import { localCredentials } from "../../local-cloud/src/credentials.ts";
import { type PlatformStandIn, startPlatform } from "../../local-cloud/src/platform/platform.ts";
import type { ResourceCall } from "../../pulumi-provider-kit/src/engine/provider.ts";
import type { PropertyMap } from "../../pulumi-provider-kit/src/engine/values.ts";
import { Aep } from "./aep.ts";

const { tenantId, ...credential } = localCredentials.platform;
const identityMap = "https://ns.adobe.com/xdm/context/identitymap";

let platform: PlatformStandIn;
let aep: Aep;

beforeEach(async () => {
  platform = await startPlatform({ credentials: credential, tenantId, sandboxes: [credential.sandbox] });
  aep = await Aep.connect(platform.url, { ...credential });
});
afterEach(() => platform.close());

function fieldGroup(properties: PropertyMap): PropertyMap {
  const customerio = { type: "object", properties };
  const customFields = {
    type: "object",
    properties: { [`_${tenantId}`]: { type: "object", properties: { customerio } } },
  };
  return { title: "Fields", definitions: { customFields }, allOf: [{ $ref: "#/definitions/customFields" }] };
}

const both = fieldGroup({ email: { type: "string" }, metric: { type: "string" } });
const retyped = fieldGroup({ email: { type: "boolean" } });
const broken = `removes fields, or gives them another type or fewer values (_${tenantId}.customerio.email, _${tenantId}.customerio.metric).`;

/** The warnings of an update's preview; throws its refusal. */
async function preview(type: string, id: string, olds: PropertyMap, given: PropertyMap): Promise<string[]> {
  const warnings: string[] = [];
  const call: ResourceCall = {
    type,
    urn: `urn:pulumi:dev::test::${type}::thing`,
    name: "thing",
    signal: aep.stop.signal,
    progress: () => undefined,
    warn: (message) => warnings.push(message),
  };
  const news = await aep.check(type, given);
  await aep.provider.update(call, { id, olds, state: olds, news, preview: true });
  return warnings;
}

const previewGroup = (made: { id: string; inputs: PropertyMap }, news: PropertyMap) =>
  preview("aep:index:FieldGroup", made.id, made.inputs, news);

test("fields can be added at any time, without a warning", async () => {
  const group = await aep.create("aep:index:FieldGroup", fieldGroup({ email: { type: "string" } }));
  const schema = await aep.create("aep:index:Schema", { title: "Events", fieldGroupIds: [group.id] });
  await aep.create("aep:index:Dataset", { name: "Events", schemaId: schema.id });
  expect(await previewGroup(group, both)).toEqual([]);
});

test("a breaking change without a dataset is accepted with a warning", async () => {
  const group = await aep.create("aep:index:FieldGroup", both);
  await aep.create("aep:index:Schema", { title: "Events", fieldGroupIds: [group.id] });
  expect(await previewGroup(group, retyped)).toEqual([expect.stringContaining(broken)]);
  await aep.update("aep:index:FieldGroup", group.id, group.inputs, retyped);
});

test("the warning says that Platform refuses it after a dataset that was deleted", async () => {
  const group = await aep.create("aep:index:FieldGroup", both);
  const schema = await aep.create("aep:index:Schema", { title: "Events", fieldGroupIds: [group.id] });
  const dataset = await aep.create("aep:index:Dataset", { name: "Events", schemaId: schema.id });
  await aep.delete("aep:index:Dataset", dataset.id, dataset.inputs);
  expect(await previewGroup(group, retyped)).toEqual([
    `The change of the field group "Fields" ${broken} No dataset uses a schema with this field group now. Platform accepts the change only ` +
      "if none ever did, not even one that is deleted by now.",
  ]);
  await expect(aep.update("aep:index:FieldGroup", group.id, group.inputs, retyped)).rejects.toThrow(
    "Platform allows that only if no dataset has ever used the schema, not even one that is deleted by now",
  );
});

test("once a dataset follows the schema, the preview refuses it with the fields and what to do", async () => {
  const group = await aep.create("aep:index:FieldGroup", both);
  const schema = await aep.create("aep:index:Schema", { title: "Events", fieldGroupIds: [group.id] });
  const dataset = await aep.create("aep:index:Dataset", { name: "Events", schemaId: schema.id });
  await expect(previewGroup(group, retyped)).rejects.toThrow(
    `The change of the field group "Fields" ${broken} Platform refuses that, since the schema "Events" (${schema.id}) ` +
      `has the dataset ${dataset.id}: from then on fields can only be added. ` +
      "Leave those fields unchanged, and add new ones beside them.",
  );
});

test("it is also refused once the schema is in Profile, and for removed field groups", async () => {
  const group = await aep.create("aep:index:FieldGroup", both);
  const inputs = { title: "Events", fieldGroupIds: [group.id, identityMap] };
  const schema = await aep.create("aep:index:Schema", inputs);
  const without = { ...inputs, fieldGroupIds: [group.id] };
  expect(await preview("aep:index:Schema", schema.id, schema.inputs, without)).toEqual([]);
  await aep.create("aep:index:ProfileEnablement", { schemaId: schema.id });
  await expect(previewGroup(group, retyped)).rejects.toThrow(`(${schema.id}) is enabled for Profile`);
  await expect(preview("aep:index:Schema", schema.id, schema.inputs, without)).rejects.toThrow(
    `The change of the schema "Events" (${schema.id}) removes field groups (${identityMap}).`,
  );
});
