import fc from "fast-check";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { connectionSpecs } from "../../packages/pulumi-aep/src/resources/flow-service/sources.ts";
import { subscriptionNames } from "../../packages/pulumi-customerio/src/events/catalogue.ts";
import { type Declared, type Input, Reference } from "../engine/engine.ts";
import { customerioSubjects } from "../subjects/customerio.ts";
import { platformSubjects } from "../subjects/platform.ts";
import { type Inputs, resolveReferences } from "../subjects/subject.ts";

const tenant = `_${localCredentials.platform.tenantId}`;
const classes = {
  event: "https://ns.adobe.com/xdm/context/experienceevent",
  profile: "https://ns.adobe.com/xdm/context/profile",
} as const;

const platform = platformSubjects(localCredentials.platform.tenantId);
const subjectTypes = new Map([...platform, ...customerioSubjects].map(({ name, type }) => [name, type]));
/** Types without room for a mark, and so without an ownership. */
const unmarked = new Set(platform.filter(({ inputs }) => !("ownership" in inputs)).map(({ type }) => type));

/** The types that have a shape of their own below. */
const types = {
  fieldGroup: "aep:index:FieldGroup",
  schema: "aep:index:Schema",
  descriptor: "aep:index:IdentityDescriptor",
  enablement: "aep:index:ProfileEnablement",
  dataset: "aep:index:Dataset",
  base: "aep:index:BaseConnection",
  source: "aep:index:SourceConnection",
  target: "aep:index:TargetConnection",
  mapping: "aep:index:MappingSet",
  flow: "aep:index:Dataflow",
  webhook: "customerio:index:ReportingWebhook",
  guard: "aep:index:DatasetGuard",
} as const;

const identityMap = "https://ns.adobe.com/xdm/context/identitymap";

/** A unique title, or one that others may have too. */
const titles = fc.oneof(
  { weight: 14, arbitrary: fc.constantFrom("Events", "Customer.io, (dev)").map((title) => ({ title, own: true })) },
  { weight: 1, arbitrary: fc.constantFrom("Events", "Orders").map((title) => ({ title, own: false })) },
);
const description = fc.option(fc.constantFrom("First.", "Second."), { nil: undefined });
const fieldTypes = {
  email: { type: "string", title: "Email" },
  metric: { type: "string", title: "Metric" },
  count: { type: "integer", title: "Count" },
} as const;
const fieldNames = Object.keys(fieldTypes) as (keyof typeof fieldTypes)[];
const one = (names: readonly string[]) => fc.constantFrom(...names);

const slots = {
  fieldGroups: ["group-1", "group-2"],
  schemas: ["schema-1", "schema-2"],
  descriptors: ["descriptor-1"],
  enablements: ["enablement-1"],
  datasets: ["dataset-1", "dataset-2"],
  bases: ["base-1"],
  sources: ["source-1"],
  targets: ["target-1", "target-2"],
  mappings: ["mapping-1", "mapping-2"],
  flows: ["flow-1", "flow-2"],
  webhooks: ["webhook-1", "webhook-2"],
} as const;

/** At most one declaration for each name; `share` of seven programs have it. */
function slotsOf<T>(
  names: readonly string[],
  shape: fc.Arbitrary<T>,
  share = 6,
): fc.Arbitrary<(T & { name: string })[]> {
  const optional = names.map((name) =>
    fc.oneof(
      { weight: share, arbitrary: shape.map((value) => [{ ...value, name }]) },
      { weight: 7 - share, arbitrary: fc.constant([]) },
    ),
  );
  return fc.tuple(...optional).map((values) => values.flat());
}

const shapes = fc.record({
  fieldGroups: slotsOf(
    slots.fieldGroups,
    fc.record({ title: titles, description, fields: fc.uniqueArray(fc.constantFrom(...fieldNames), { minLength: 1 }) }),
  ),
  schemas: slotsOf(
    slots.schemas,
    fc.record({
      title: titles,
      description,
      class: fc.oneof({ arbitrary: fc.constant("event" as const), weight: 7 }, fc.constant("profile" as const)),
      fieldGroups: fc.uniqueArray(one(slots.fieldGroups), { minLength: 1 }),
      identityMap: fc.boolean(),
    }),
  ),
  descriptors: slotsOf(
    slots.descriptors,
    fc.record({
      schema: one(slots.schemas),
      field: fc.constantFrom("email", "metric"),
      namespace: fc.constantFrom("Email", "Phone"),
      primary: fc.boolean(),
    }),
  ),
  // It can't be undone, so most programs do not have it.
  enablements: slotsOf(slots.enablements, fc.record({ schema: one(slots.schemas) }), 2),
  datasets: slotsOf(
    slots.datasets,
    fc.record({
      title: titles,
      description,
      schema: one(slots.schemas),
      diagnostics: fc.boolean(),
      profile: fc.boolean(),
      forceDestroy: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
      guarded: fc.boolean(),
    }),
  ),
  bases: slotsOf(slots.bases, fc.record({ title: titles, description, authenticated: fc.boolean() })),
  sources: slotsOf(slots.sources, fc.record({ title: titles, description, base: fc.option(one(slots.bases)) })),
  targets: slotsOf(slots.targets, fc.record({ title: titles, description, dataset: one(slots.datasets) })),
  mappings: slotsOf(
    slots.mappings,
    fc.record({ target: one(slots.targets), mapped: fc.subarray(fieldNames), backwards: fc.boolean() }),
  ),
  flows: slotsOf(
    slots.flows,
    fc.record({
      title: titles,
      description,
      mapping: one(slots.mappings),
      enabled: fc.boolean(),
      percent: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
    }),
  ),
  webhooks: slotsOf(
    slots.webhooks,
    fc.record({
      title: titles,
      flow: fc.option(one(slots.flows)),
      events: fc.uniqueArray(fc.constantFrom(...subscriptionNames), { minLength: 1, maxLength: 4 }),
      disabled: fc.boolean(),
      withContent: fc.boolean(),
    }),
  ),
});

/**
 * Types of the registry without a shape above, with the registry's inputs or changed inputs; an ownership comes with
 * what it owns.
 */
const plain = [...platform, ...customerioSubjects].filter(
  ({ type }) => !Object.values<string>(types).includes(type) && !type.endsWith(":Ownership"),
);
const plainChoices = fc.tuple(
  ...plain.map((subject) => fc.constantFrom(undefined, subject.inputs, subject.change(subject.inputs))),
);

type Shapes = typeof shapes extends fc.Arbitrary<infer T> ? T : never;

/**
 * Programs of all resource types of `aep` and `customerio`. References to missing resources are left out; a dataflow's mapping set has
 * the schema of its dataset, as both vendors' rules and Adobe's tutorial have it. Titles, fields and classes may clash, and
 * the state has to survive the vendor's refusals.
 */
export function program(stack: string): fc.Arbitrary<readonly Declared[]> {
  return fc.tuple(shapes, plainChoices).map(([shape, choices]) => {
    const shaped = declarations(stack, shape);
    return [...shaped, ...plain.flatMap(({ type, name }, index) => declaredPlain(type, name, choices[index], shaped))];
  });
}

/** A declaration with references to the first resource of each type; undefined without such a resource. */
function declaredPlain(
  type: string,
  name: string,
  inputs: Inputs | undefined,
  others: readonly Declared[],
): Declared[] {
  if (inputs === undefined) return [];
  let isComplete = true;
  const found = resolveReferences(inputs, (reference) => {
    const meant = subjectTypes.get(reference.name);
    const other = others.find((declared) => declared.type === meant);
    isComplete &&= other !== undefined;
    return new Reference(other?.name ?? "", reference.property);
  });
  return isComplete ? [{ name, type, inputs: found as Inputs }] : [];
}

function declarations(stack: string, shape: Shapes): Declared[] {
  const titleOf = ({ name, title }: { name: string; title: { title: string; own: boolean } }) =>
    title.own ? `${title.title} ${stack} ${name}` : title.title;
  const schemas = shape.schemas.map((schema) => ({
    ...schema,
    groups: present(shape.fieldGroups, schema.fieldGroups),
    enabled: shape.enablements.some((enablement) => enablement.schema === schema.name),
  }));
  const isEnabled = (name: string) => schemas.some((schema) => schema.name === name && schema.enabled);
  const fieldsOf = (name: string) =>
    schemas.find((schema) => schema.name === name)?.groups.flatMap((group): string[] => group.fields);
  const datasets = shape.datasets.filter(({ schema }) => fieldsOf(schema));
  const targets = shape.targets.flatMap((target) => {
    const dataset = datasets.find(({ name }) => name === target.dataset);
    return dataset ? [{ ...target, schema: dataset.schema }] : [];
  });
  const mappings = shape.mappings.flatMap((mapping) => {
    const target = targets.find(({ name }) => name === mapping.target);
    return target ? [{ ...mapping, schema: target.schema }] : [];
  });
  const flows = shape.flows.flatMap((flow) => {
    const mapping = mappings.find(({ name }) => name === flow.mapping);
    const [source] = shape.sources;
    return mapping && source ? [{ ...flow, target: mapping.target, source: source.name }] : [];
  });
  const all: Declared[] = [
    { name: "ownership", type: "aep:index:Ownership", inputs: {} },
    ...shape.fieldGroups.map((group) =>
      declareResource(types.fieldGroup, group, { title: titleOf(group), ...definitionsOf(group.fields) }),
    ),
    ...schemas.map((schema) =>
      declareResource(types.schema, schema, {
        title: titleOf(schema),
        classId: classes[schema.class],
        fieldGroupIds: [
          ...schema.groups.map((group) => new Reference(group.name)),
          ...(schema.identityMap ? [identityMap] : []),
        ],
      }),
    ),
    ...shape.descriptors
      .filter(({ schema, field }) => fieldsOf(schema)?.includes(field))
      .map((descriptor) =>
        declareResource(types.descriptor, descriptor, {
          schemaId: new Reference(descriptor.schema),
          sourceProperty: `/${tenant}/customerio/${descriptor.field}`,
          namespace: descriptor.namespace,
          isPrimary: descriptor.primary,
        }),
      ),
    ...shape.enablements
      .filter(({ schema }) => fieldsOf(schema))
      .map((enablement) =>
        declareResource(types.enablement, enablement, { schemaId: new Reference(enablement.schema) }),
      ),
    ...datasets.map((dataset) =>
      declareResource(types.dataset, dataset, {
        name: titleOf(dataset),
        schemaId: new Reference(dataset.schema),
        errorDiagnostics: dataset.diagnostics,
        profile: dataset.profile && isEnabled(dataset.schema),
        forceDestroy: dataset.forceDestroy,
      }),
    ),
    ...shape.bases.map((base) =>
      declareResource(types.base, base, {
        name: titleOf(base),
        authenticationRequired: base.authenticated,
      }),
    ),
    ...shape.sources.map((source) => {
      const [base] = present(shape.bases, source.base === null ? [] : [source.base]);
      const http = base && { connectionSpecId: connectionSpecs.http, baseConnectionId: new Reference(base.name) };
      return declareResource(types.source, source, { name: titleOf(source), ...http });
    }),
    ...targets.map((target) =>
      declareResource(types.target, target, {
        name: titleOf(target),
        datasetId: new Reference(target.dataset),
        schemaId: new Reference(target.schema),
      }),
    ),
    ...mappings.map((mapping) =>
      declareResource(types.mapping, mapping, {
        schemaId: new Reference(mapping.schema),
        mappings: mappingsOf(
          mapping.mapped.filter((field) => fieldsOf(mapping.schema)?.includes(field)),
          mapping.backwards,
        ),
      }),
    ),
    ...flows.map((flow) =>
      declareResource(types.flow, flow, {
        name: titleOf(flow),
        sourceConnectionId: new Reference(flow.source),
        targetConnectionId: new Reference(flow.target),
        mappingSetId: new Reference(flow.mapping),
        enabled: flow.enabled,
        partialIngestionPercent: flow.percent,
      }),
    ),
    ...shape.webhooks.flatMap((webhook) => {
      const { name, events, disabled, withContent } = webhook;
      const direct = flows.find((flow) => flow.name === webhook.flow);
      // A disabled webhook with the same name and endpoint counts as left over by an interrupted run, since Customer.io has
      // no room for a mark; so an endpoint is a stack's own, as a relay's URL is.
      const endpoint = direct ? new Reference(direct.name, "streamingUrl") : `https://relay.example/${stack}/${name}`;
      const claim = { name: titleOf(webhook), endpoint };
      const ownership = declareResource("customerio:index:Ownership", { name: `${name}-ownership` }, claim);
      const inputs = { ...claim, events, disabled, withContent };
      const dependent = declareResource(types.webhook, webhook, inputs);
      return [ownership, { ...dependent, dependsOn: [ownership.name] }];
    }),
  ];
  const dependsOn = all.map(({ name }) => name);
  const guards = datasets
    .filter(({ guarded }) => guarded)
    .map(({ name, forceDestroy }) => {
      const inputs = { datasetId: new Reference(name), forceDestroy };
      return { name: `${name}-guard`, type: types.guard, inputs, dependsOn };
    });
  return [...all, ...guards];
}

function declareResource(
  type: string,
  { name, description }: { name: string; description?: string | undefined },
  inputs: Record<string, Input | undefined>,
): Declared {
  const isOwned = type.startsWith("aep:") && !unmarked.has(type);
  const ownership = isOwned ? new Reference("ownership") : undefined;
  const given = Object.entries({ description, ...inputs, ownership }).flatMap(([key, input]): [string, Input][] =>
    input === undefined ? [] : [[key, input]],
  );
  return { name, type, inputs: Object.fromEntries(given) };
}

function present<T extends { name: string }>(all: readonly T[], names: readonly string[]): T[] {
  return names.flatMap((name) => all.find((entry) => entry.name === name) ?? []);
}

function definitionsOf(fields: readonly (keyof typeof fieldTypes)[]): Record<string, Input> {
  const properties = Object.fromEntries(fields.map((field) => [field, fieldTypes[field]]));
  const customerio = { type: "object", properties };
  const customFields = { type: "object", properties: { [tenant]: { type: "object", properties: { customerio } } } };
  return {
    intendedToExtend: Object.values(classes),
    definitions: { customFields },
    allOf: [{ $ref: "#/definitions/customFields" }],
  };
}

function mappingsOf(fields: readonly string[], backwards: boolean): Input[] {
  const attribute = (source: string, destination: string) => ({ sourceType: "ATTRIBUTE", source, destination });
  const all = [
    attribute("event_id", "_id"),
    ...fields.map((field) => attribute(field, `${tenant}.customerio.${field}`)),
  ];
  return backwards ? all.reverse() : all;
}
