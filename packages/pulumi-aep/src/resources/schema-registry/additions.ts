/** Fields by name, or definitions by name: each is a JSON schema. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * Fields without those that the program never had. Others may add fields in Platform's editor, which can't be removed once a dataset exists;
 * so they are left alone, like other applications' tags of a dataset.
 */
export function withoutAdded(found: Fields, known: Fields): Fields {
  return Object.fromEntries(
    Object.entries(found).flatMap(([name, field]) =>
      name in known ? [[name, mapInner(field, known[name], undefined, withoutAdded)]] : [],
    ),
  );
}

/** The wanted fields with those that others have added: found, but neither wanted nor in the program's former fields. */
export function withAdded(wanted: Fields, found: Fields, former: Fields): Fields {
  const kept = Object.entries(wanted).map(([name, field]) => [
    name,
    mapInner(field, found[name], former[name], withAdded),
  ]);
  const added = Object.entries(found).filter(([name]) => !(name in wanted) && !(name in former));
  return { ...Object.fromEntries(kept), ...Object.fromEntries(added) };
}

/** Applies a function to the fields inside a field, and to the items of a list. */
function mapInner(
  field: unknown,
  other: unknown,
  third: unknown,
  change: (fields: Fields, others: Fields, thirds: Fields) => Fields,
): unknown {
  if (!isFields(field) || !isFields(other)) return field;
  const inner = isFields(field.properties) && { properties: changeIn("properties") };
  const items = isFields(field.items) && { items: mapInner(field.items, other.items, at(third, "items"), change) };
  return { ...field, ...inner, ...items };

  function changeIn(name: string): Fields {
    const [fields, others, thirds] = [field, other, third].map((one) => at(one, name));
    return change(fields ?? {}, others ?? {}, thirds ?? {});
  }
}

function at(value: unknown, name: string): Fields | undefined {
  const inner = isFields(value) ? value[name] : undefined;
  return isFields(inner) ? inner : undefined;
}

function isFields(value: unknown): value is Fields {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
