import * as pulumi from "@pulumi/pulumi";
import { findDestination } from "../../components/platform/destination.ts";
import { createEventMapping } from "../../components/platform/event-mapping.ts";
import { mappingSamples } from "../../components/platform/mapping-samples.ts";
import { PlatformDataflow } from "../../components/platform/platform-dataflow.ts";
import { readStackSettings } from "../../components/settings/settings.ts";
import { fieldGroupBody } from "../../events/field-group.ts";
import { eventFields } from "../../events/fields.ts";
import { stackWords } from "../../settings/setting-words.ts";
import { inputsOfOne } from "./declare-source.ts";
import { type Answers, configure, type DeclaredResource, declareBy } from "./stack.ts";

const title = "Customer.io events (dev)";
const words = stackWords("customerio-aep");
const schemaId = "https://ns.adobe.com/acme/schemas/1";
const experienceEvent = "https://ns.adobe.com/xdm/context/experienceevent";
const identityMapGroup = "https://ns.adobe.com/xdm/context/identitymap";

const warnings: string[] = [];

beforeEach(() => {
  warnings.length = 0;
  jest.spyOn(pulumi.log, "warn").mockImplementation((message) => {
    warnings.push(message);
    return Promise.resolve();
  });
});
afterEach(() => jest.restoreAllMocks());

async function declareResources(
  settings: Record<string, unknown> = {},
  answers: Answers = {},
  options?: pulumi.ComponentResourceOptions,
) {
  configure(settings);
  const { resources, outputs } = await declareBy(async () => {
    const given = readStackSettings(new pulumi.Config("customerio-aep"));
    const destination = await findDestination(
      { ...given, title: given.schema.title ?? title },
      { words, mapsOtherFields: false },
    );
    const mappings = createEventMapping(given, { tenantId: "acme", ...destination.schema }, words);
    const args = { ...given, title, destination, mappings, samples: mappingSamples(given), activationSeconds: 300 };
    const { schemaId, datasetId } = new PlatformDataflow("platform", args, options);
    return { schemaId, datasetId };
  }, answers);
  return { resources, outputs };
}

/** The error of a program that fails. */
async function refusal(settings: Record<string, unknown>, answers: Answers): Promise<string> {
  const error: unknown = await declareResources(settings, answers).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (pulumi.RunError.isInstance(error)) return error.message;
  throw new Error(`It should have been refused: ${error}`);
}

function one(resources: DeclaredResource[], type: string): DeclaredResource["inputs"] {
  return inputsOfOne(resources, `aep:index:${type}`);
}

const types = (resources: DeclaredResource[]) =>
  resources.flatMap(({ type }) => (type.startsWith("aep:") ? [type.replace("aep:index:", "")] : [])).sort();

/** The fields of a schema from its class and from the field group IdentityMap. */
const ofClass = {
  _id: { type: "string" },
  timestamp: { type: "string", format: "date-time" },
  identityMap: { type: "object", additionalProperties: { type: "array", items: { type: "object" } } },
};

/** A schema as `getSchema` answers it, with the fields of the catalogue that are named. */
function existingSchema(fields: readonly string[], changes: object = {}): object {
  const { properties = {} } = fieldGroupBody("acme").definitions.customFields;
  const all = properties._acme?.properties?.customerio?.properties ?? {};
  const own = Object.fromEntries(Object.entries(all).filter(([name]) => fields.includes(name)));
  return {
    id: schemaId,
    title: "By hand",
    profileEnabled: false,
    classId: experienceEvent,
    timeSeries: true,
    definition: {
      type: "object",
      properties: { ...ofClass, _acme: { properties: { customerio: { properties: own } } } },
    },
    ...changes,
  };
}

const everyField = eventFields.map(({ name }) => name);
const destinations = (resources: DeclaredResource[]): string[] =>
  one(resources, "MappingSet").mappings.map(({ destination }: { destination: string }) => destination);

test("creates everything, outside Profile, under names that contain the title", async () => {
  const { resources } = await declareResources();
  expect(types(resources)).toEqual([
    "Dataflow",
    "Dataset",
    "FieldGroup",
    "MappingSet",
    "Ownership",
    "Schema",
    "SourceConnection",
    "TargetConnection",
  ]);
  expect(one(resources, "Dataset")).toMatchObject({ name: title, profile: false, errorDiagnostics: true });
  expect(one(resources, "Dataset")).not.toHaveProperty("rowExpirationDays");
  expect(one(resources, "Schema").fieldGroupIds).toEqual(["platform-fields-id"]);
  expect(warnings).toEqual([]);
});

test("every object takes its name and description from the settings", async () => {
  const nameAndDescription = (name: string) => ({ name, description: `${name}.` });
  const titleAndDescription = (text: string) => ({ title: text, description: `${text}.` });
  const { resources } = await declareResources({
    schema: titleAndDescription("My schema"),
    fieldGroup: titleAndDescription("My fields"),
    dataset: {
      ...nameAndDescription("My dataset"),
      errorDiagnostics: false,
      partialIngestionPercent: 5,
      rowExpirationDays: 90,
      tags: { team: ["crm"] },
    },
    sourceConnection: nameAndDescription("My source"),
    targetConnection: nameAndDescription("My target"),
    dataflow: nameAndDescription("My dataflow"),
  });
  expect(one(resources, "Schema")).toMatchObject(titleAndDescription("My schema"));
  expect(one(resources, "FieldGroup")).toMatchObject(titleAndDescription("My fields"));
  expect(one(resources, "Dataset")).toMatchObject({
    ...nameAndDescription("My dataset"),
    errorDiagnostics: false,
    rowExpirationDays: 90,
    tags: { team: ["crm"] },
  });
  expect(one(resources, "SourceConnection")).toMatchObject(nameAndDescription("My source"));
  expect(one(resources, "TargetConnection")).toMatchObject(nameAndDescription("My target"));
  expect(one(resources, "Dataflow")).toMatchObject({
    ...nameAndDescription("My dataflow"),
    errorDiagnostics: false,
    partialIngestionPercent: 5,
  });
});

test.each([
  ["relay", []],
  ["direct", ["name", "description"]],
])("with delivery %s, a new mapping makes a new dataflow, and so does a change of %j", async (delivery, others) => {
  const replaced: unknown[] = [];
  const note: pulumi.ResourceTransformation = ({ type, opts }) => {
    if (type === "aep:index:Dataflow") replaced.push(opts.replaceOnChanges);
    return undefined;
  };
  await declareResources({ delivery }, {}, { transformations: [note] });
  expect(replaced).toEqual([["mappingSetId", "mappingSetVersion", ...others]]);
});

describe("an existing schema", () => {
  const settings = { schema: { existing: "By hand" } };
  const use = (schema: object, more: Record<string, unknown> = {}) =>
    declareResources({ ...settings, ...more }, { "aep:index:getSchema": schema });
  const refusalOf = (schema: object, more: Record<string, unknown> = {}) =>
    refusal({ ...settings, ...more }, { "aep:index:getSchema": schema });

  test("with all fields is used unchanged, for a new dataset", async () => {
    const { resources, outputs } = await use(existingSchema(everyField));
    expect(types(resources)).toEqual([
      "Dataflow",
      "Dataset",
      "MappingSet",
      "Ownership",
      "SourceConnection",
      "TargetConnection",
    ]);
    expect(one(resources, "Dataset")).toMatchObject({ name: title, schemaId });
    expect(outputs).toEqual({ schemaId, datasetId: "platform-dataset-id" });
    expect(destinations(resources)).toHaveLength(2 + everyField.length);
    expect(warnings).toEqual([]);
  });

  test("with some of the fields gets those, and the others are reported", async () => {
    const { resources } = await use(existingSchema(["email", "metric"]));
    expect(destinations(resources)).toEqual(["_id", "timestamp", "_acme.customerio.email", "_acme.customerio.metric"]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(
      `customerio-aep:schema.existing: the schema "By hand" (${schemaId}) lacks these fields under _acme.customerio, ` +
        "whose values stay out of the dataset: object_type, id, event_id,",
    );
  });

  test("with a field of another type leaves that field empty, and warns", async () => {
    const customerio = {
      properties: { email: { type: "string" }, timestamp: { type: "string", format: "date-time" } },
    };
    const definition = { properties: { ...ofClass, _acme: { properties: { customerio } } } };
    const { resources } = await use(existingSchema([], { definition }));
    expect(destinations(resources)).toEqual(["_id", "timestamp", "_acme.customerio.email"]);
    expect(warnings[0]).toContain(
      "has fields of other types than events have, which stay empty: timestamp is date-time, not long.",
    );
  });

  test("of another class is refused with the reason", async () => {
    const profileClass = "https://ns.adobe.com/xdm/context/profile";
    const said = await refusalOf(existingSchema(everyField, { classId: profileClass, timeSeries: false }));
    expect(said).toContain(
      `the schema "By hand" (${schemaId}) is of the class ${profileClass}, whose records are not events`,
    );
    expect(said).toContain("npx pulumi config rm --path schema.existing");
  });

  test("with none of the fields is refused, with what to do", async () => {
    const said = await refusalOf(existingSchema([]));
    expect(said).toContain("has none of the fields that events fill, which are under _acme.customerio");
    expect(said).toContain("with the setting mapping.set");
  });

  test("is never enabled for Profile", async () => {
    const said = await refusalOf(existingSchema(everyField), { profile: { enabled: true } });
    expect(said).toContain("is not enabled for Profile. Since this can't be undone");
  });

  test("that Profile uses with an identity map gets one", async () => {
    const schema = existingSchema(everyField, { profileEnabled: true });
    const definition = (schema as { definition: { properties: object } }).definition;
    const withMap = { ...definition, properties: { ...definition.properties, identityMap: { type: "object" } } };
    const { resources } = await use({ ...schema, definition: withMap }, { profile: { enabled: true } });
    expect(destinations(resources)).toContain("identityMap");
    expect(types(resources)).not.toContain("ProfileEnablement");
    expect(one(resources, "Dataset").profile).toBe(true);
  });

  test("with a primary identity gets no map, and the consequence is reported", async () => {
    const primaryIdentity = "/_acme/customerio/email";
    const schema = existingSchema(everyField, { profileEnabled: true, primaryIdentity });
    const { resources } = await use(schema, { profile: { enabled: true } });
    expect(destinations(resources)).not.toContain("identityMap");
    expect(warnings).toEqual([
      expect.stringContaining(`has the primary identity ${primaryIdentity}. Platform refuses`),
    ]);
  });
});

describe("an existing dataset", () => {
  const dataset = { id: "5c8c3c555033b814b69f947f", name: "By hand", schemaId, profileEnabled: false };
  const answers = (changes: object = {}) => ({
    "aep:index:getDataset": { ...dataset, ...changes },
    "aep:index:getSchema": existingSchema(everyField),
  });

  test("is used unchanged, with its schema: a second source into one dataset", async () => {
    const { resources, outputs } = await declareResources({ dataset: { existing: "By hand" } }, answers());
    expect(types(resources)).toEqual(["Dataflow", "MappingSet", "Ownership", "SourceConnection", "TargetConnection"]);
    expect(one(resources, "TargetConnection")).toMatchObject({ datasetId: dataset.id, schemaId });
    expect(outputs).toEqual({ schemaId, datasetId: dataset.id });
  });

  test("outside Profile is not enabled", async () => {
    const said = await refusal({ dataset: { existing: "By hand" }, profile: { enabled: true } }, answers());
    expect(said).toContain(`the dataset "By hand" (${dataset.id}) is not enabled for Profile, and is used unchanged`);
  });

  test("in Profile, without identities to feed it with, is reported", async () => {
    await declareResources({ dataset: { existing: "By hand" } }, answers({ profileEnabled: true }));
    expect(warnings).toEqual([expect.stringContaining("is enabled for Profile, but profile.enabled is not set")]);
  });
});

describe("Profile", () => {
  /** A sandbox in which a schema with the stack's title is in Profile. */
  const inProfileWith = (...datasetIds: string[]) => ({
    "aep:index:getSchemas": { schemas: [{ id: schemaId, title, profileEnabled: true }] },
    "aep:index:getDatasets": { datasetIds },
  });

  test("gets every event by an identity map, and can't be disabled again", async () => {
    const { resources } = await declareResources({ profile: { enabled: true } });
    expect(types(resources)).toContain("ProfileEnablement");
    expect(types(resources)).not.toContain("IdentityDescriptor");
    expect(one(resources, "Schema").fieldGroupIds).toEqual(["platform-fields-id", identityMapGroup]);
    expect(one(resources, "ProfileEnablement")).toEqual({ schemaId: "platform-schema-id" });
    expect(one(resources, "Dataset").profile).toBe(true);
    expect(destinations(resources)).toContain("identityMap");
    expect(warnings).toEqual([expect.stringContaining("profile.enabled can't be undone.")]);
  });

  test("with a primary identity field marks fields, and reports what is lost", async () => {
    const { resources } = await declareResources({ profile: { enabled: true, primaryIdentity: "email" } });
    expect(one(resources, "IdentityDescriptor")).toEqual({
      schemaId: "platform-schema-id",
      sourceProperty: "/_acme/customerio/email",
      namespace: "Email",
      isPrimary: true,
    });
    expect(one(resources, "Schema").fieldGroupIds).toEqual(["platform-fields-id"]);
    expect(destinations(resources)).not.toContain("identityMap");
    expect(warnings[1]).toContain("Platform refuses every record without email");
  });

  test("refuses an identity namespace that does not exist", async () => {
    const profile = { enabled: true, identities: { email: "Email", id: "CrmId" } };
    const said = await refusal({ profile }, {});
    expect(said).toContain('customerio-aep:profile.identities.id: there is no identity namespace "CrmId"');
    expect(said).toContain("npx pulumi config set --path profile.identities.id <code>");
    expect(said).toContain("The sandbox has: Email, Phone, Email_LC_SHA256.");
  });

  test("that is enabled already causes no warning", async () => {
    await declareResources({ profile: { enabled: true } }, inProfileWith("of-the-stack"));
    expect(warnings).toEqual([]);
  });

  test("objects that a destroy has left are reported, with the setting that uses them again", async () => {
    await declareResources({ profile: { enabled: true } }, inProfileWith());
    expect(warnings).toEqual([expect.stringContaining(`npx pulumi config set --path schema.existing ${schemaId}`)]);
  });

  test("can't be turned off again", async () => {
    const said = await refusal({}, inProfileWith());
    expect(said).toContain(`The schema "${title}" (${schemaId}) is enabled for Profile, and Platform can't undo that.`);
    expect(said).toContain(`npx pulumi config set --path schema.existing ${schemaId}`);
  });
});
