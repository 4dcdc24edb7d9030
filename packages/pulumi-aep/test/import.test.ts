import { platformSubjects } from "../../../test/subjects/platform.ts";
import { resolveReferences } from "../../../test/subjects/subject.ts";
import { localCredentials } from "../../local-cloud/src/credentials.ts";
import { type PlatformStandIn, startPlatform } from "../../local-cloud/src/platform/platform.ts";
import type { PropertyMap } from "../../pulumi-provider-kit/src/engine/values.ts";
import { Aep } from "./aep.ts";
import { ByHand, type Json } from "./by-hand.ts";
import { type MadeByHand, makeTutorialObjects } from "./tutorial-objects.ts";

// Objects created by hand as in Adobe's tutorial “Create a source connection and dataflow for Customer.io”, imported into a
// stack by the id that a user can copy, against the inputs that a program would give.

const { tenantId, ...credential } = localCredentials.platform;

let platform: PlatformStandIn;
let aep: Aep;
let byHand: ByHand;
let objects: Record<string, MadeByHand>;

beforeAll(async () => {
  let now = Date.parse("2026-01-05T10:00:00.000Z");
  const clock = () => {
    now += 1000;
    return now;
  };
  platform = await startPlatform({ credentials: credential, tenantId, sandboxes: [credential.sandbox], clock });
  aep = await Aep.connect(platform.url, { ...credential });
  byHand = new ByHand(platform.url, credential);
  objects = await makeTutorialObjects(byHand, tenantId);
});
afterAll(() => platform.close());

const types = [
  "FieldGroup",
  "Schema",
  "IdentityDescriptor",
  "ProfileEnablement",
  "Dataset",
  "BaseConnection",
  "SourceConnection",
  "TargetConnection",
  "MappingSet",
  "Dataflow",
];

test("these are the tutorial's objects", () => {
  expect(Object.keys(objects).sort()).toEqual(types.toSorted());
});

const subjects = platformSubjects(tenantId);

describe("objects that the provider creates", () => {
  const made: Record<string, { id: string; inputs: PropertyMap; properties: PropertyMap }> = {};

  beforeAll(async () => {
    for (const { type, name, inputs } of subjects) {
      const own = resolveReferences(inputs, (reference) => {
        const other = made[reference.name];
        return reference.property === "id" ? other?.id : other?.properties[reference.property];
      });
      made[name] = await aep.create(type, own as PropertyMap);
    }
  });

  test.each(subjects.filter(({ list }) => list !== undefined))(
    "$type: imported by its id, the next preview has no change",
    async ({ type, name }) => {
      const { id = "", inputs = {} } = made[name] ?? {};
      const imported = await aep.read(type, id);
      expect(imported?.id).toBe(id);
      expect((await aep.diff(type, id, imported?.inputs ?? {}, inputs)).detailed).toEqual({});
    },
  );
});

test.each(types)("%s: imported by its id, the next preview has no change", async (type) => {
  const token = `aep:index:${type}`;
  const { id, inputs } = objects[type] ?? { id: "", inputs: {} };
  const imported = await aep.read(token, id);
  const wanted = await aep.check(token, inputs);
  expect((await aep.diff(token, imported?.id ?? "", imported?.inputs ?? {}, wanted)).detailed).toEqual({});
  // A refresh right after finds nothing either.
  const refreshed = await aep.read(token, imported?.id ?? "", imported?.inputs, imported?.properties);
  expect(refreshed).toEqual(imported);
});

/** A change by hand for each type that can be changed in place. */
const drifts: Record<string, (id: string) => Promise<unknown>> = {
  Schema: (id) =>
    byHand.call("PATCH", `/schemaregistry/tenant/schemas/${encodeURIComponent(id)}`, [
      { op: "replace", path: "/title", value: "By hand" },
    ]),
  FieldGroup: (id) =>
    byHand.call("PATCH", `/schemaregistry/tenant/fieldgroups/${id}`, [
      { op: "replace", path: "/description", value: "By hand." },
    ]),
  Dataset: (id) => byHand.call("PATCH", `/catalog/dataSets/${id}`, { name: "By hand", enableErrorDiagnostics: false }),
  SourceConnection: (id) => patchFlowService("sourceConnections", id),
  TargetConnection: (id) => patchFlowService("targetConnections", id),
  Dataflow: (id) => patchFlowService("flows", id),
};

async function patchFlowService(collection: string, id: string): Promise<void> {
  const path = `/flowservice/${collection}/${id}`;
  const { items } = await byHand.call<{ items: Json[] }>("GET", path);
  const steps = [{ op: "replace", path: "/name", value: "By hand" }];
  await byHand.call("PATCH", path, steps, { "If-Match": String(items[0]?.etag) });
}

test.each(Object.keys(drifts))("%s: refresh finds a change by hand, and up repairs it", async (type) => {
  const token = `aep:index:${type}`;
  const imported = await aep.read(token, objects[type]?.id ?? "");
  if (!imported) throw new Error(`${type} was not imported.`);
  const { id, inputs, properties } = imported;
  await drifts[type]?.(type === "Schema" ? id : (objects[type]?.id ?? ""));

  const drifted = await aep.read(token, id, inputs, properties);
  expect(drifted?.inputs).not.toEqual(inputs);
  const { detailed } = await aep.diff(token, id, drifted?.inputs ?? {}, inputs);
  expect(Object.values(detailed).filter((kind) => kind.endsWith("-replace"))).toEqual([]);
  expect(detailed).not.toEqual({});

  const repaired = await aep.update(token, id, drifted?.inputs ?? {}, inputs, drifted?.properties);
  expect((await aep.read(token, id, inputs, repaired))?.inputs).toEqual(inputs);
});
