import { expressionProblems } from "adobe-data-prep";
import { findMappingProblems, findMappingWarnings } from "../../mapping/check.ts";
import { customizeMapping } from "../../mapping/customize.ts";
import { ownFields } from "../../mapping/schema-fields.ts";
import { mappingSettings } from "../../mapping/settings.ts";
import { compileExpression } from "../../packages/local-cloud/src/platform/data-prep/language/expression.ts";

const reading = (source: string) => mappingSettings.parse({ set: [{ destination: "customerio.subject", source }] });
const warning = (source: string, hint: string) =>
  `mapping.set[0].source: events have no attribute "${source}" that this package knows.${hint} The mapping checks for it with ` +
  "contains_key, so an event without it should only leave the field empty. To see how Platform maps an event: " +
  "npx customerio-aep preview --samples <file>";

describe.each(["relay", "direct"] as const)("with delivery: %s, an attribute that the catalogue lacks", (delivery) => {
  test.each([
    ["data.swatch", ""],
    ["data.campaign_name", " Did you mean data.campaign_id?"],
    ["trigger_event_id", " Did you mean data.trigger_event_id?"],
  ])("is mapped with a warning: %s", (source, hint) => {
    const settings = reading(source);
    const check = { settings, delivery, tenantId: "acme", automatic: [], schema: ownFields("acme") };
    expect(findMappingProblems(check).filter(({ path }) => path.includes("source"))).toEqual([]);
    expect(findMappingWarnings(check)).toEqual([warning(source, hint)]);
    expect(customizeMapping([], check)).toEqual([
      {
        sourceType: "EXPRESSION",
        source: `iif(contains_key("${source}"), ${source}, nullify())`,
        destination: "_acme.customerio.subject",
      },
    ]);
  });

  test.each([
    ["data.size", { size: "x" }],
    ["data.format.new", { format: { new: "x" } }],
    ["data.list-id", { "list-id": "x", list: 3 }],
  ])("may have a name that is not one in an expression: %s", (source, data) => {
    const [mapping] = customizeMapping([], { settings: reading(source), delivery, tenantId: "acme" });
    const text = mapping?.source ?? "";
    expect(text).toBe(`iif(contains_key("${source}"), \${${source}}, nullify())`);
    expect(expressionProblems(text).mistakes).toEqual([]);
    expect(compileExpression(text)({ source: { data }, now: 0 })).toBe("x");
    expect(compileExpression(text)({ source: { data: {} }, now: 0 })).toBeNull();
  });

  test.each(["data.identifiers", "data.recipients[0].device_id", "data.subject.x", "relay.swatch"])(
    "is refused where no event can have it: %s",
    (source) => {
      const check = { settings: reading(source), delivery, tenantId: "acme", automatic: [], schema: ownFields("acme") };
      expect(findMappingProblems(check).map(({ path }) => path)).toContain("mapping.set[0].source");
      expect(findMappingWarnings(check)).toEqual([]);
    },
  );
});

describe("an expression with an attribute that the catalogue lacks", () => {
  const problemOf = (expression: string) => {
    const settings = mappingSettings.parse({ set: [{ destination: "customerio.subject", expression }] });
    const check = { settings, tenantId: "acme", automatic: [], schema: ownFields("acme") };
    return findMappingProblems(check).filter(({ path }) => path.includes("expression"));
  };
  const twice = 'concat(data.swatch, " ", data.swatch, data.taste[0].name)';

  test.each([
    ["lower(data.swatch)", 'iif(contains_key("data.swatch"), lower(data.swatch), nullify())'],
    [twice, `iif(contains_key("data.swatch") && contains_key("data.taste[0].name"), ${twice}, nullify())`],
  ])("is refused, and the suggested form with a guard is accepted: %s", (expression, guarded) => {
    const problems = problemOf(expression);
    for (const { remedy } of problems) expect(remedy).toEqual({ do: "set", value: guarded });
    expect(problems).toHaveLength(expression === twice ? 2 : 1);
    expect(problems[0]?.reason).toBe(
      'events have no attribute "data.swatch". If Customer.io does send it, check for it first.',
    );
    expect(problemOf(guarded)).toEqual([]);
  });

  test("that may be misspelled gets no such suggestion", () => {
    const [problem] = problemOf("lower(data.campaign_name)");
    expect(problem?.reason).toContain("did you mean data.campaign_id?");
    expect(problem?.remedy).toEqual({ do: "set" });
  });

  test.each(["lower(data.identifiers)", "lower(data.subject.x)", "lower(relay.swatch)"])(
    "that no event can have gets no such suggestion either: %s",
    (expression) => {
      const [problem] = problemOf(expression);
      expect(problem?.reason).not.toContain("check for it first");
      expect(problem?.remedy).toEqual({ do: "set" });
    },
  );
});
