import { tableOf } from "../catalog/datasets.ts";
import type { Sandbox } from "../state/model.ts";
import { isObject, type Json, type JsonObject, objectOf, stringOf } from "../web/json.ts";
import { composedSchema } from "../xdm/compose.ts";
import type { Postgres } from "./postgres.ts";
import { quoteName } from "./select.ts";

/** Rows of one INSERT. */
const chunk = 5_000;

/**
 * Makes a table of each dataset of a sandbox, in a schema of PostgreSQL that is new: a column for each field of the dataset's schema,
 * composite where it has fields of its own. Arrays and maps are JSON.
 *
 * @returns the names of the columns with fields
 */
export async function fillTables(database: Postgres, sandbox: Sandbox, schema: string): Promise<Set<string>> {
  await database.run(`CREATE SCHEMA ${schema}; SET search_path TO ${schema}`);
  const nested = new Set<string>();
  let types = 0;
  const typeOf = async (field: JsonObject): Promise<string> => {
    if (field.type === "integer") return "bigint";
    if (field.type === "number") return "double precision";
    if (field.type === "boolean") return "boolean";
    if (field.type === "string") return field.format === "date-time" ? "timestamptz" : "text";
    if (!hasFields(field)) return "jsonb";
    const columns = await columnsOf(objectOf(field.properties));
    types += 1;
    await database.run(`CREATE TYPE type_${types} AS (${columns})`);
    return `type_${types}`;
  };
  const columnsOf = async (properties: JsonObject): Promise<string> => {
    const columns: string[] = [];
    for (const [name, field] of Object.entries(properties)) {
      columns.push(`${quoteName(name)} ${await typeOf(objectOf(field))}`);
    }
    return columns.join(", ");
  };
  for (const dataset of sandbox.datasets.values()) {
    const fields = composedSchema(sandbox, stringOf(objectOf(dataset.body.schemaRef).id) ?? "");
    const table = quoteName(tableOf(dataset));
    for (const [name, field] of Object.entries(fields.properties)) {
      if (hasFields(objectOf(field))) nested.add(name.toLowerCase());
    }
    await database.run(`CREATE TABLE ${table} (${await columnsOf(fields.properties)})`);
    for (let from = 0; from < dataset.rows.length; from += chunk) {
      const rows = dataset.rows.slice(from, from + chunk).map((row) => lowerNames(row, fields));
      const records = `jsonb_populate_recordset(NULL::${table}, $1::jsonb)`;
      await database.run(`INSERT INTO ${table} SELECT * FROM ${records}`, JSON.stringify(rows));
    }
  }
  return nested;
}

function hasFields(field: JsonObject): boolean {
  return field.type === "object" && Object.keys(objectOf(field.properties)).length > 0;
}

/** The names of fields as PostgreSQL's columns have them; the content of arrays and maps stays. */
function lowerNames(value: Json | undefined, field: JsonObject): Json | undefined {
  if (!isObject(value) || !hasFields(field)) return value;
  const properties = objectOf(field.properties);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.toLowerCase(),
      lowerNames(inner, objectOf(properties[name])) ?? null,
    ]),
  );
}
