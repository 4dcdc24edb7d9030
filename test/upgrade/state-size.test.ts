import { deliveries, readState } from "./states.ts";

interface Resource {
  readonly urn: string;
  readonly type: string;
}

/** Bytes of the state that a resource of the own providers may have. Where the program was and when, which a state also says, is 0.5 KB. */
const budget = 3_500;

/** Resources that need more, as `docs/performance.md` explains, by type and name. */
const larger: Readonly<Record<string, number>> = {
  "customerio-aep:index:RelayGuard::customerio-aep-relay-guard": 18_500,
  "aep:index:DatasetGuard::customerio-aep-guard": 16_000,
  "aep:index:MappingSet::customerio-aep-platform-mapping": 15_000,
  "aep:index:FieldGroup::customerio-aep-platform-fields": 10_500,
  "customerio-aep:index:FunctionCode::customerio-aep-relay-code": 8_900,
  "customerio-aep:index:FunctionApp::customerio-aep-relay": 7_800,
  "customerio-aep:index:ArmResource::customerio-aep-relay-monitoring-workbook": 6_200,
  "aep:index:Dataflow::customerio-aep-platform-dataflow": 4_300,
};

test.each(deliveries)("with delivery %s, the state of every own resource is small", async (delivery) => {
  const { deployment } = JSON.parse(await readState(delivery)) as { deployment: { resources: Resource[] } };
  const own = deployment.resources.filter(({ type }) => /^(aep|customerio|customerio-aep):/.test(type));
  expect(own.length).toBeGreaterThan(10);
  const sizes = own.map((resource) => ({
    name: resource.urn.split("$").at(-1) ?? "",
    bytes: Buffer.byteLength(JSON.stringify(resource)),
  }));
  expect(sizes.filter(({ name, bytes }) => bytes > (larger[name] ?? budget))).toEqual([]);
  const all = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(all / own.length).toBeLessThan(3_200);
});

test("no resource is allowed more than it needs", async () => {
  const states = await Promise.all(deliveries.map((delivery) => readState(delivery)));
  const resources = states.flatMap((text) => JSON.parse(text).deployment.resources as Resource[]);
  const spare = Object.entries(larger).filter(([name, bytes]) => {
    const found = resources.filter(({ urn }) => urn.endsWith(`$${name}`));
    const largest = Math.max(0, ...found.map((resource) => Buffer.byteLength(JSON.stringify(resource))));
    return largest <= budget || bytes > largest * 1.1;
  });
  expect(spare).toEqual([]);
});
