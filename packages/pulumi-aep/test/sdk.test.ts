import * as pulumi from "@pulumi/pulumi";
import { Dataflow, FieldGroup, getTenant, MappingSet, Schema } from "../src/index.ts";

const made: { type: string; name: string; inputs: unknown }[] = [];

beforeAll(() =>
  pulumi.runtime.setMocks({
    newResource: ({ type, name, inputs }) => {
      made.push({ type, name, inputs });
      return { id: `id of ${name}`, state: { ...inputs, version: type === "aep:index:MappingSet" ? 0 : "1.0" } };
    },
    call: ({ token }) => (token === "aep:index:getTenant" ? { tenantId: "acme" } : {}),
  }),
);

test("a program wires the resources together", async () => {
  const { tenantId } = await getTenant();
  const group = new FieldGroup("group", {
    title: "Customer.io events",
    definitions: { customFields: { type: "object", properties: { [`_${tenantId}`]: { type: "object" } } } },
    allOf: [{ $ref: "#/definitions/customFields" }],
  });
  const schema = new Schema("schema", { title: "Customer.io", fieldGroupIds: [group.id] });
  const mappingSet = new MappingSet("mapping", {
    schemaId: schema.id,
    mappings: [{ sourceType: "ATTRIBUTE", source: "event_id", destination: "_id" }],
  });
  const flow = new Dataflow("flow", {
    name: "Customer.io",
    sourceConnectionId: "source",
    targetConnectionId: "target",
    mappingSetId: mappingSet.id,
    mappingSetVersion: mappingSet.version,
  });
  const wired = pulumi.all([flow.mappingSetId, flow.mappingSetVersion, flow.name]);
  const values = await new Promise<unknown>((resolve) => wired.apply((all) => resolve(all)));
  expect(values).toEqual(["id of mapping", 0, "Customer.io"]);
  expect(made.map(({ type }) => type)).toEqual([
    "aep:index:FieldGroup",
    "aep:index:Schema",
    "aep:index:MappingSet",
    "aep:index:Dataflow",
  ]);
  expect(made[1]?.inputs).toEqual({ title: "Customer.io", fieldGroupIds: ["id of group"] });
});
