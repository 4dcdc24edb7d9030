import { eventFields } from "../../../events/index.ts";
import { metricsByObjectType } from "../../../packages/pulumi-customerio/src/events/catalogue.ts";
import { code, page, table, yes } from "../markdown.ts";

/** The page of what events there are, and which fields a row has. */
export function fieldsPage(): string {
  return page(
    "# Events and fields",
    "This page lists what Customer.io reports, and what a row of the dataset has. `npm run docs` generates it from the event catalogue. " +
      "[Mapping](../mapping.md) changes which attribute fills which field.",
    "## Events",
    "A webhook subscribes to `<object type>_<metric>`, such as `email_delivered`; a row has both as fields.",
    table(
      ["Object type", "Metrics"],
      Object.entries(metricsByObjectType).map(([objectType, metrics]) => [
        code(objectType),
        metrics.map(code).join(", "),
      ]),
    ),
    "## Fields",
    "These are under `_<tenant>.customerio`. In addition, a row has `_id` (the event's id) and `timestamp` (when it happened). With `delivery: direct`, " +
      "[some stay empty](../delivery.md#without-the-relay). The source is a path in Customer.io's event; `relay.` is what the relay adds.",
    table(
      ["Field", "Type", "Identifies", "Source", "Description"],
      eventFields.map(({ name, type, identifier, source, description }) => [
        code(name),
        type,
        yes(identifier),
        code(source),
        description,
      ]),
    ),
  );
}
