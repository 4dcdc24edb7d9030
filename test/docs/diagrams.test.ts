import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { listTrackedFiles } from "../../scripts/tracked-files.ts";

interface Diagram {
  /** Where it begins: `docs/concepts.md:10`. */
  readonly place: string;
  readonly text: string;
}

const root = path.join(import.meta.dirname, "../..");

function diagramsOf(document: string, markdown: string): Diagram[] {
  return [...markdown.matchAll(/^( *)```mermaid\n(.*?)^\1```$/gms)].map(({ index, 2: text = "" }) => ({
    place: `${document}:${markdown.slice(0, index).split("\n").length}`,
    text,
  }));
}

/** What Mermaid says against each diagram. */
function parse(diagrams: readonly string[]): (string | null)[] {
  const program = path.join(import.meta.dirname, "parse-diagrams.ts");
  return JSON.parse(execFileSync(process.execPath, [program], { encoding: "utf8", input: JSON.stringify(diagrams) }));
}

test("Mermaid parses every diagram of the documents", async () => {
  const diagrams: Diagram[] = [];
  for (const document of (await listTrackedFiles(root)).filter((file) => file.endsWith(".md"))) {
    const markdown = await readFile(path.join(root, document), "utf8");
    const found = diagramsOf(document, markdown);
    // A block that does not end is shown as text.
    expect([document, found.length]).toEqual([document, markdown.split("```mermaid").length - 1]);
    diagrams.push(...found);
  }
  expect(diagrams.length).toBeGreaterThan(0);
  const complaints = parse(diagrams.map(({ text }) => text));
  const broken = diagrams.flatMap(({ place }, at) => (complaints[at] === null ? [] : [`${place}: ${complaints[at]}`]));
  expect(broken).toEqual([]);
});

test("each concept has a diagram", async () => {
  const [, ...concepts] = (await readFile(path.join(root, "docs/concepts.md"), "utf8")).split(/^## /m);
  const counts = concepts.map((concept) => [concept.split("\n")[0], diagramsOf("", concept).length]);
  expect(counts).toEqual(counts.map(([title]) => [title, 1]));
});

test("Mermaid refuses what is broken, in each kind of diagram that the documents have", () => {
  const broken = [
    "flowchart LR\n  intake --> queue[events (large)]",
    "flowchart LR\n  intake -> queue",
    "sequenceDiagram\n  intake->>queue",
    "stateDiagram-v2\n  [*] -> waiting",
    "flow LR\n  intake --> queue",
  ];
  for (const complaint of parse(broken)) expect(complaint).toMatch(/error|No diagram type/i);
});
