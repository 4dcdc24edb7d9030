import { mappingProblems, mappingWarnings } from "../../mapping/check.ts";
import { customised } from "../../mapping/customise.ts";
import { ownFields } from "../../mapping/schema-fields.ts";
import { mappingSettings } from "../../mapping/settings.ts";

const reading = (source: string) => mappingSettings.parse({ set: [{ destination: "customerio.subject", source }] });
const empty = (source: string) =>
  `mapping.set[0].source: events have no attribute "${source}" that this package knows, so it is left empty where an event lacks it.`;

describe.each(["relay", "direct"] as const)("with delivery: %s, an attribute that the catalogue lacks", (delivery) => {
  test.each([
    ["data.colour", ""],
    ["data.campaign_name", " Did you mean data.campaign_id?"],
    ["trigger_event_id", " Did you mean data.trigger_event_id?"],
  ])("is mapped with a warning: %s", (source, hint) => {
    const settings = reading(source);
    const check = { settings, delivery, tenantId: "acme", automatic: [], schema: ownFields("acme") };
    expect(mappingProblems(check).filter(({ path }) => path.includes("source"))).toEqual([]);
    expect(mappingWarnings(check)).toEqual([empty(source) + hint]);
    expect(customised([], check)).toEqual([
      {
        sourceType: "EXPRESSION",
        source: `iif(contains_key("${source}"), ${source}, nullify())`,
        destination: "_acme.customerio.subject",
      },
    ]);
  });

  test.each(["data.identifiers", "data.recipients[0].device_id", "data.subject.x", "relay.colour"])(
    "is refused where no event can have it: %s",
    (source) => {
      const check = { settings: reading(source), delivery, tenantId: "acme", automatic: [], schema: ownFields("acme") };
      expect(mappingProblems(check).map(({ path }) => path)).toContain("mapping.set[0].source");
      expect(mappingWarnings(check)).toEqual([]);
    },
  );
});
