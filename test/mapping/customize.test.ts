import { directMappings } from "../../events/direct-mapping.ts";
import { findMappingProblems } from "../../mapping/check.ts";
import { customizeMapping } from "../../mapping/customize.ts";
import { ownFields } from "../../mapping/schema-fields.ts";
import { mappingSettings } from "../../mapping/settings.ts";

const automatic = directMappings("acme");
const direct = { tenantId: "acme", delivery: "direct" } as const;

describe("direct delivery", () => {
  test("a source is tested for first, since Customer.io's events lack most attributes", () => {
    const settings = mappingSettings.parse({ set: [{ destination: "eventType", source: "metric" }] });
    expect(customizeMapping(automatic, { ...direct, settings }).at(-1)).toEqual({
      sourceType: "EXPRESSION",
      source: 'iif(contains_key("metric"), metric, nullify())',
      destination: "eventType",
    });
  });

  test("the other identifiers are left out too", () => {
    const settings = mappingSettings.parse({ identifiers: "id" });
    const left = automatic.filter(({ destination }) => !/\.(email|cio_id|phone)$/.test(destination));
    expect(customizeMapping(automatic, { ...direct, settings })).toEqual(left);
    expect(left).toHaveLength(automatic.length - 3);
  });

  test("the relay's values do not exist, and the automatic mapping is valid", () => {
    const check = (set: object[]) =>
      findMappingProblems({
        ...direct,
        automatic,
        schema: ownFields("acme"),
        settings: mappingSettings.parse({ set }),
      });
    expect(check([])).toEqual([]);
    expect(check([{ destination: "eventType", expression: "first(relay.topics)" }])).toEqual([
      {
        path: "mapping.set[0].expression",
        reason: expect.stringContaining(
          '"relay.topics" is added by the relay, which does not exist with delivery: direct',
        ),
        remedy: { do: "set" },
      },
    ]);
  });
});
