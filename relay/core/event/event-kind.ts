/** The form of Customer.io's own names, such as `in_app`. */
const vendorName = /^[a-z][a-z_]{0,30}$/;

/** The kind of an event for the log, such as `email sent`. A name that does not look like Customer.io's is `other`, since it may be anything. */
export function nameKind({ object_type: objectType, metric }: Readonly<Record<string, unknown>>): string {
  const named = (name: unknown) => (typeof name === "string" && vendorName.test(name) ? name : "other");
  return `${named(objectType)} ${named(metric)}`;
}
