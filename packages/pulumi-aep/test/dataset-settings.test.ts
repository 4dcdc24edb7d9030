import { localCredentials } from "../../local-cloud/src/credentials.ts";
import { type PlatformStandIn, startPlatform } from "../../local-cloud/src/platform/platform.ts";
import { PartialFailure } from "../../pulumi-provider-kit/src/engine/provider.ts";
import type { PropertyMap } from "../../pulumi-provider-kit/src/engine/values.ts";
import { Aep, errorOf } from "./aep.ts";
import { PlatformStub } from "./platform-stub.ts";

const { tenantId, ...credential } = localCredentials.platform;
const type = "aep:index:Dataset";
const profileClass = "https://ns.adobe.com/xdm/context/profile";
const identityMap = "https://ns.adobe.com/xdm/context/identitymap";

let platform: PlatformStandIn;
let aep: Aep;

beforeEach(async () => {
  platform = await startPlatform({ credentials: credential, tenantId, sandboxes: [credential.sandbox] });
  aep = await Aep.connect(platform.url, { ...credential });
});
afterEach(() => platform.close());

async function schemaOf(classId?: string): Promise<string> {
  const inputs = { title: "Events", fieldGroupIds: [identityMap], ...(classId ? { classId } : {}) };
  return (await aep.create("aep:index:Schema", inputs)).id;
}

/** Changes a dataset as `pulumi up` does, and reads it as `pulumi refresh` does right after. */
async function changeDataset(id: string, olds: PropertyMap, news: PropertyMap): Promise<PropertyMap> {
  const inputs = await aep.check(type, news);
  const state = await aep.update(type, id, olds, news);
  const now = await aep.read(type, id, inputs, state);
  expect(now?.inputs).toEqual(inputs);
  return inputs;
}

test("rows expire after the set days, after other days, and then never", async () => {
  const inputs = { name: "Events", schemaId: await schemaOf() };
  const made = await aep.create(type, { ...inputs, rowExpirationDays: 90 });
  expect((await aep.read(type, made.id))?.inputs.rowExpirationDays).toBe(90);
  const longer = await changeDataset(made.id, made.inputs, { ...inputs, rowExpirationDays: 365 });
  const never = await changeDataset(made.id, longer, inputs);
  expect(never).not.toHaveProperty("rowExpirationDays");
});

test("rows expire in schemas of events only; the dataset is still kept", async () => {
  const making = aep.create(type, { name: "People", schemaId: await schemaOf(profileClass), rowExpirationDays: 30 });
  const error = await errorOf(making);
  if (!(error instanceof PartialFailure)) throw error;
  expect(error.message).toContain("The dataset was created, but keeps its records forever.");
  expect(error.message).toContain("Row expiration needs a schema that extends time-series");
  expect((await aep.read(type, error.id))?.inputs.name).toBe("People");
});

test("days that the creation could not set are set by the next up, which sees no change", async () => {
  const inputs = { name: "Events", schemaId: await schemaOf() };
  const days = { ...inputs, rowExpirationDays: 30 };
  const made = await aep.create(type, inputs);
  // As the state has it after the failed creation.
  await aep.update(type, made.id, days, days);
  expect((await aep.read(type, made.id))?.inputs.rowExpirationDays).toBe(30);
});

test.each([
  [29, "Platform keeps records for at least 30 days"],
  [3651, "Platform keeps records for at most ten years, 3650 days"],
])("%i days are refused before Platform is asked", async (rowExpirationDays, reason) => {
  await expect(aep.check(type, { name: "Events", schemaId: "s", rowExpirationDays })).rejects.toThrow(reason);
});

test("a period set by hand in months is read in days", async () => {
  const id = "5c8c3c555033b814b69f947f";
  const stub = await new PlatformStub().start();
  const dataset = (extensions: object) => ({
    body: { [id]: { name: "Events", schemaRef: { id: "s" }, extensions } },
  });
  const period = (ttlValue: string | null) => dataset({ adobe_lakeHouse: { rowExpiration: { ttlValue } } });
  const path = `GET /data/foundation/catalog/dataSets/${id}`;
  stub.answer(path, period("P3M"), period("P1Y15D"), period("P5W"), period(null), dataset({ other: {} }));
  const reader = await Aep.connect(stub.url);
  const days = [];
  for (let look = 0; look < 5; look++) days.push((await reader.read(type, id))?.inputs.rowExpirationDays);
  expect(days).toEqual([90, 380, 35, undefined, undefined]);
  await stub.close();
});

test("tags are added, changed and removed, and those of others are kept", async () => {
  const inputs = { name: "Events", schemaId: await schemaOf() };
  const made = await aep.create(type, { ...inputs, tags: { team: ["crm"], "cost/center~a": ["7"] } });
  // Set by hand.
  await aep.update(type, made.id, inputs, { ...inputs, tags: { theirs: ["x"] } });
  const other = await changeDataset(made.id, made.inputs, { ...inputs, tags: { team: ["crm", "data"] } });
  expect((await aep.read(type, made.id))?.inputs.tags).toEqual({ team: ["crm", "data"], theirs: ["x"] });
  await changeDataset(made.id, other, inputs);
  expect((await aep.read(type, made.id))?.inputs.tags).toEqual({ theirs: ["x"] });
});

test("an update that failed after it had removed a tag can be repeated", async () => {
  const inputs = { name: "People", schemaId: await schemaOf(profileClass) };
  const made = await aep.create(type, { ...inputs, tags: { team: ["crm"] } });
  await expect(aep.update(type, made.id, made.inputs, { ...inputs, rowExpirationDays: 30 })).rejects.toThrow(
    "Row expiration needs a schema that extends time-series",
  );
  await changeDataset(made.id, made.inputs, inputs);
});

test("tags that have a meaning in Platform are refused", async () => {
  const tags = { unifiedProfile: ["enabled:true"], "adobe/pqs/table": ["t"], team: ["crm"] };
  const { message } = await errorOf(aep.check(type, { name: "Events", schemaId: "s", tags }));
  expect(message.split("\n")).toEqual([
    'tags["unifiedProfile"]: The tag "unifiedProfile" belongs to Platform or this provider; Profile is the property "profile".',
    'tags["adobe/pqs/table"]: The tag "adobe/pqs/table" belongs to Platform or this provider; Profile is the property "profile".',
  ]);
});

test("records go to Profile once the schema is in it, and no longer if that is switched off", async () => {
  const schemaId = await schemaOf();
  const inputs = { name: "Events", schemaId, tags: { team: ["crm"] } };
  const made = await aep.create(type, inputs);
  await expect(aep.update(type, made.id, made.inputs, { ...inputs, profile: true })).rejects.toThrow(
    "To enable profile datasets the schema should be valid",
  );
  await aep.create("aep:index:ProfileEnablement", { schemaId });
  const inProfile = await changeDataset(made.id, made.inputs, { ...inputs, profile: true });
  await changeDataset(made.id, inProfile, { ...inputs, profile: false });
  const direct = await aep.create(type, { ...inputs, profile: true });
  expect((await aep.read(type, direct.id))?.inputs.profile).toBe(true);
});
