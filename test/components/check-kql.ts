// Parses queries as Azure does, and prints the errors of each. It is a separate program, since Microsoft's language service for KQL is
// 5 MB of generated JavaScript that puts itself into the global object. Reads { tables, queries } as JSON from its input.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

interface Request {
  /** The columns of each table, as KQL declares them: `TimeGenerated: datetime, Message: string`. */
  readonly tables: Readonly<Record<string, string>>;
  readonly queries: readonly string[];
}

const require = createRequire(import.meta.url);
require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");
// biome-ignore lint/suspicious/noExplicitAny: its types are 2 MB, which every check would have to read
const { Language } = (globalThis as any).Kusto;

const { tables, queries } = JSON.parse(readFileSync(0, "utf8")) as Request;
const symbols = Object.entries(tables).map(([name, columns]) =>
  Language.Symbols.TableSymbol.From(`(${columns})`).WithName(name),
);
const database = new Language.Symbols.DatabaseSymbol.ctor("logs", symbols);
const state = Language.GlobalState.Default.WithDatabase(database);
const problems = queries.map((query) => {
  const diagnostics = Language.KustoCode.ParseAndAnalyze(query, state).GetDiagnostics();
  return Array.from({ length: diagnostics.Count }, (_, index) => diagnostics.getItem(index).Message as string);
});
process.stdout.write(JSON.stringify(problems));
