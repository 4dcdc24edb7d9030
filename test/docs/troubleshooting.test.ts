import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { referencePages } from "../../docs/reference/pages.ts";
import { repository } from "../e2e/local-stack.ts";

const read = (name: string) => readFile(path.join(repository, name), "utf8");

/** A message without what differs, in the pieces between. */
const piecesOf = (message: string) =>
  message
    .split("…")
    .map((piece) => piece.trim())
    .filter((piece) => piece.length > 2);

test("every message that Troubleshooting quotes is one that the code writes", async () => {
  const index = ((await referencePages()).get("errors.md") ?? "").replaceAll("&lt;", "<").replaceAll("\\|", "|");
  const messages = index
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) => line.slice(2, -2));
  const rows = (await read("docs/troubleshooting.md")).split("\n").filter((line) => /^\| (?!You see)/.test(line));
  const quoted = rows.flatMap((row) => /^\| [^|]+ \| `([^`]+)` \|/.exec(row)?.[1] ?? []);
  expect(quoted.length).toBeGreaterThan(25);
  const isKnown = (quote: string) => {
    const pieces = piecesOf(quote);
    return messages.some((message) => {
      let at = 0;
      return pieces.every((piece) => {
        const found = message.indexOf(piece, at);
        at = found + piece.length;
        return found >= 0;
      });
    });
  };
  expect(quoted.filter((quote) => !isKnown(quote))).toEqual([]);
});

test("every page of docs/ is in its index", async () => {
  const index = await read("docs/README.md");
  const pages = (await readdir(path.join(repository, "docs"), { recursive: true })).map((name) =>
    name.split(path.sep).join("/"),
  );
  const own = pages.filter((name) => /^(tasks\/)?[\w-]+\.md$/.test(name) && name !== "README.md");
  expect(own.length).toBeGreaterThan(20);
  expect(own.filter((name) => !index.includes(`](${name}`))).toEqual([]);
});

test("README stays short", async () => {
  expect((await read("README.md")).split("\n").length).toBeLessThanOrEqual(150);
});
