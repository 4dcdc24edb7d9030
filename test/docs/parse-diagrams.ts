// Parses diagrams with Mermaid's own parser and prints what it says against each, or null. It is a separate program, since Mermaid is a
// script for browsers that needs a document, whose library jest can't load. Reads a list of diagrams as JSON from its input.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createContext, runInContext } from "node:vm";
import { parseHTML } from "linkedom";

interface Mermaid {
  parse(diagram: string): Promise<unknown>;
}

const { window } = parseHTML("<!doctype html><html><body></body></html>");
const page = createContext({ window, document: window.document });
runInContext(readFileSync(createRequire(import.meta.url).resolve("@mermaid-js/tiny"), "utf8"), page);
const mermaid = page.mermaid as Mermaid;

const complaints: (string | null)[] = [];
for (const diagram of JSON.parse(readFileSync(0, "utf8")) as string[]) {
  complaints.push(
    await mermaid.parse(diagram).then(
      () => null,
      (error: Error) => error.message,
    ),
  );
}
process.stdout.write(JSON.stringify(complaints));
