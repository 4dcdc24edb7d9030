import { rowPathsOf } from "../../cli/audit/row-paths.ts";
import { directMappings } from "../../events/direct-mapping.ts";
import { eventMappings } from "../../events/mapping.ts";
import { customizeMapping } from "../../mapping/customize.ts";
import { mappingSettings } from "../../mapping/settings.ts";

const automatic = {
  relay: eventMappings({ tenantId: "acme", testMode: false }),
  direct: directMappings("acme"),
};
const pathsWith = (delivery: "relay" | "direct", set: object[]) =>
  rowPathsOf(
    customizeMapping(automatic[delivery], { tenantId: "acme", delivery, settings: mappingSettings.parse({ set }) }),
  );
const paths = {
  delivery: "_acme.customerio.delivery_id",
  objectType: "_acme.customerio.object_type",
  metric: "_acme.customerio.metric",
  timestamp: "_acme.customerio.timestamp",
};

describe.each(["relay", "direct"] as const)("with delivery: %s, an audit compares", (delivery) => {
  test("the automatic fields", () => {
    expect(pathsWith(delivery, [])).toEqual(paths);
  });

  test("a field that differs from the attribute only in case and blanks", () => {
    const expression = "upper(trim(metric))";
    expect(pathsWith(delivery, [{ destination: "customerio.metric", expression }])).toEqual(paths);
  });

  test("a field whose expression only names the attribute", () => {
    const set = ["data.delivery_id", "timestamp"].map((source) => ({
      destination: `customerio.${source.replace("data.", "")}`,
      expression: `\${${source}}`,
    }));
    expect(pathsWith(delivery, set)).toEqual(paths);
  });

  test("another field, if a calculated value took the place of the attribute", () => {
    const set = [
      { destination: "customerio.metric", expression: 'concat("cio.", metric)' },
      { destination: "producedBy", source: "metric" },
    ];
    expect(pathsWith(delivery, set)).toEqual({ ...paths, metric: "producedBy" });
  });

  test("fields with other names, if the schema does not have these", () => {
    const set = ["data.delivery_id", "object_type", "metric", "timestamp"].map((source) => ({
      destination: `_acme.mail.${source.replace("data.", "")}s`,
      source,
    }));
    const settings = mappingSettings.parse({ set });
    expect(rowPathsOf(customizeMapping([], { tenantId: "acme", delivery, settings }))).toEqual({
      delivery: "_acme.mail.delivery_ids",
      objectType: "_acme.mail.object_types",
      metric: "_acme.mail.metrics",
      timestamp: "_acme.mail.timestamps",
    });
  });

  test.each([
    ["metric", 'concat("cio.", metric)', "metric"],
    ["object_type", 'decode(object_type, "sms", "text", object_type)', "object_type"],
    ["delivery_id", "lower(data.delivery_id)", "data.delivery_id"],
    ["delivery_id", "data.recipient", "data.delivery_id"],
  ])("nothing, if customerio.%s is %s, since each event would count as missing", (name, expression, attribute) => {
    expect(() => pathsWith(delivery, [{ destination: `customerio.${name}`, expression }])).toThrow(
      `The stack's mapping fills the field customerio.${name} with ${expression}, so its rows can't be compared with what Customer.io ` +
        `recorded. Map ${attribute} unchanged, to this field or to another one (docs/mapping.md). After the next up, audit only later days: ` +
        "rows from before would all count as missing.",
    );
  });
});
