import { readFile } from "node:fs/promises";
import path from "node:path";
import { Marked } from "marked";
import { packageFolder } from "../command/package-folder.ts";
import type { PageFile } from "./page-files.ts";

/** The package's pages for people, with the runbooks. */
const folder = path.join(packageFolder, "docs");

/** A page or a picture, by its path in the console: `/docs/runbooks.md`. No dots otherwise, so that none leads out of the folder. */
const served = /^\/docs\/((?:[\w-]+\/)*[\w-]+)\.(md|png)$/;

const marked = new Marked({
  renderer: {
    heading({ tokens, depth, text }) {
      return `<h${depth} id="${slugOf(text)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
    },
  },
});

/** A page of the documentation as HTML, or one of its pictures; undefined if it does not exist. */
export async function readDocPage(pathname: string): Promise<PageFile | undefined> {
  const [, name, kind] = served.exec(pathname) ?? [];
  if (name === undefined) return undefined;
  const content = await readFile(path.join(folder, `${name}.${kind}`)).catch(() => undefined);
  if (content === undefined) return undefined;
  if (kind === "png") return { type: "image/png", content };
  return { type: "text/html; charset=utf-8", content: Buffer.from(render(content.toString("utf8"))) };
}

function render(markdown: string): string {
  const title = /^# (.+)$/m.exec(markdown)?.[1]?.replaceAll(/[`<&]/g, "") ?? "Documentation";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
<link rel="stylesheet" href="/doc.css">
</head>
<body class="doc">
<nav aria-label="Console"><a href="/">Back to the console</a></nav>
<main>
${marked.parse(markdown, { async: false })}</main>
</body>
</html>
`;
}

/** As GitHub makes it: "Alert `dead-letters`" is `alert-dead-letters`. */
function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
}
