import { readFile } from "node:fs/promises";
import { ArmError } from "../arm/arm-error.ts";
import type { InvokeParts } from "../arm/invokes.ts";
import { type Resource, textAt } from "../arm/subscription.ts";

/** A record of the table AppTraces, with the columns that the stand-in supports. */
type LogRow = Readonly<Record<"TimeGenerated" | "Message" | "_ResourceId", string>>;

const columns = ["TimeGenerated", "Message", "_ResourceId"] as const;

/**
 * Answers a query of a Log Analytics workspace through Resource Manager (Azure Monitor, "Azure Monitor Log Analytics
 * API request format"): the lines of the function hosts whose Application Insights component writes to the workspace.
 * Unlike Azure, it has no delay.
 *
 * It has only the table AppTraces and the operators `where` (with one comparison), `order by`, `take` and `project`; it
 * refuses any other.
 */
export async function answerLogQuery(workspace: Resource, query: string, parts: InvokeParts): Promise<object> {
  const [source = "", ...steps] = query.split("|").map((step) => step.trim());
  if (!/^(union isfuzzy=true )?AppTraces$/.test(source)) throw refusal(`Failed to resolve table '${source}'`);
  let shown: readonly (typeof columns)[number][] = columns;
  let rows = await readLines(workspace, parts);
  for (const step of steps) {
    const [, operator = "", rest = ""] = /^(where|take|order by|project)\s+(.*)$/s.exec(step) ?? [];
    if (operator === "where") rows = rows.filter(conditionOf(rest));
    else if (operator === "take") rows = rows.slice(0, Number(rest));
    else if (operator === "order by") rows = sortRows(rows, rest);
    else if (operator === "project") shown = rest.split(",").map((name) => columnOf(name.trim()));
    else throw refusal(`Query could not be parsed at '${step}'`);
  }
  return {
    tables: [
      {
        name: "PrimaryResult",
        columns: shown.map((name) => ({ name, type: name === "TimeGenerated" ? "datetime" : "string" })),
        rows: rows.map((row) => shown.map((name) => row[name])),
      },
    ],
  };
}

async function readLines(workspace: Resource, { apps, subscription }: InvokeParts): Promise<LogRow[]> {
  const components = subscription
    .list("applicationinsights:Component")
    .filter(({ inputs }) => textAt(inputs, "workspaceResourceId").toLowerCase() === workspace.id.toLowerCase());
  const found: LogRow[] = [];
  for (const app of apps.list()) {
    const connection = app.settings.APPLICATIONINSIGHTS_CONNECTION_STRING;
    const component = components.find(({ outputs }) => textAt(outputs, "connectionString") === connection);
    if (component === undefined) continue;
    const lines = (await readFile(app.logFile, "utf8").catch(() => "")).split("\n");
    for (const line of lines) {
      const { timestamp, message } = parse(line) ?? {};
      if (typeof timestamp !== "string" || typeof message !== "string") continue;
      found.push({ TimeGenerated: timestamp, Message: message, _ResourceId: component.id.toLowerCase() });
    }
  }
  return found;
}

function parse(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function conditionOf(words: string): (row: LogRow) => boolean {
  const [, name = "", operator = "", quoted, time] =
    /^(\w+)\s*(=~|==|startswith|contains|>=|>)\s*(?:("(?:[^"\\]|\\.)*")|datetime\(([^)]*)\))$/.exec(words) ?? [];
  const column = columnOf(name);
  // Its escapes are those of JSON (Kusto's "The string data type").
  const value = quoted === undefined ? (time ?? "") : String(JSON.parse(quoted));
  const compare: Record<string, (given: string) => boolean> = {
    "==": (given) => given === value,
    "=~": (given) => given.toLowerCase() === value.toLowerCase(),
    contains: (given) => given.toLowerCase().includes(value.toLowerCase()),
    startswith: (given) => given.toLowerCase().startsWith(value.toLowerCase()),
    ">": (given) => Date.parse(given) > Date.parse(value),
    ">=": (given) => Date.parse(given) >= Date.parse(value),
  };
  const test = compare[operator];
  if (test === undefined) throw refusal(`Query could not be parsed at '${words}'`);
  return (row) => test(row[column]);
}

function sortRows(rows: readonly LogRow[], words: string): LogRow[] {
  const [, name = "", direction = "desc"] = /^(\w+)(?: (asc|desc))?$/.exec(words) ?? [];
  const column = columnOf(name);
  const sorted = rows.toSorted((one, other) => (one[column] < other[column] ? -1 : 1));
  return direction === "asc" ? sorted : sorted.reverse();
}

function columnOf(name: string): (typeof columns)[number] {
  const found = columns.find((column) => column === name);
  if (found === undefined) throw refusal(`Failed to resolve scalar expression named '${name}'`);
  return found;
}

function refusal(detail: string): ArmError {
  return new ArmError(400, "BadArgumentError", `The request had some invalid properties: SemanticError: ${detail}.`);
}
