import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

/** A link in a Markdown document, with its line. */
interface Link {
  readonly target: string;
  readonly line: number;
}

/** A document's lines without code blocks and code spans; the number of lines stays the same. */
function prose(markdown: string): string[] {
  let fence: string | undefined;
  return markdown.split("\n").map((line) => {
    const [, mark] = line.match(/^\s*(```+|~~~+)/) ?? [];
    if (mark !== undefined && (fence === undefined || mark.startsWith(fence))) {
      fence = fence === undefined ? mark : undefined;
      return "";
    }
    return fence === undefined ? line : "";
  });
}

/** Paths from the repository's root in code spans, such as `relay/core/intake/verify.ts`. */
function namedPaths(markdown: string, folders: readonly string[]): Link[] {
  return prose(markdown).flatMap((text, index) =>
    [...text.matchAll(/`([\w.-]+\/[\w./-]*)`/g)]
      .map(([, target = ""]) => ({ target, line: index + 1 }))
      .filter(({ target }) => folders.includes(target.slice(0, target.indexOf("/")))),
  );
}

function linksOf(markdown: string): Link[] {
  return prose(markdown).flatMap((text, index) => {
    const spoken = text.replace(/(`+).*?\1/g, "");
    const inline = [...spoken.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)];
    const definitions = [...spoken.matchAll(/^\s*\[[^\]]+\]:\s*<?(\S+?)>?\s*$/g)];
    return [...inline, ...definitions].map(([, target = ""]) => ({ target, line: index + 1 }));
  });
}

/**
 * A document with its links to files that are elsewhere changed, outside of code.
 *
 * @param isHere whether a path, relative to the document, leads to a file that is beside it
 * @param addressOf the address of a file that is not, or of an image itself instead of the page that shows it; undefined: nobody knows it, and
 *   only the link's text stays
 */
export function replaceLinks(
  markdown: string,
  isHere: (path: string) => boolean,
  addressOf: (path: string, isImage: boolean) => string | undefined,
): string {
  const replaceIn = (text: string) =>
    // The text of a link may be on two lines, and an image may be the text of a link.
    text.replace(/(!?)\[((?:`[^`]*`|[^[\]`])*)\]\(([^)\s]+)\)|(`+)[^`]*\4/g, (whole, image, words, target?: string) => {
      if (target === undefined || /^([a-z][a-z+.-]*:|#)/i.test(target)) return whole;
      const [path = ""] = decodeURI(target).split("#");
      if (isHere(path)) return whole;
      const address = addressOf(target, image === "!");
      return address === undefined ? words : `${image}[${words}](${address})`;
    });
  const outside = prose(markdown);
  const parts: { isCode: boolean; lines: string[] }[] = [];
  for (const [index, line] of markdown.split("\n").entries()) {
    const isCode = outside[index] !== line;
    if (parts.at(-1)?.isCode !== isCode) parts.push({ isCode, lines: [] });
    parts.at(-1)?.lines.push(line);
  }
  return parts.map(({ isCode, lines }) => (isCode ? lines.join("\n") : replaceIn(lines.join("\n")))).join("\n");
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const line of prose(markdown)) {
    for (const [, id = ""] of line.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id);
    const [, heading] = line.match(/^#{1,6}\s+(.+?)\s*#*$/) ?? [];
    if (heading === undefined) continue;
    const words = heading.replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = words.replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, "").replace(/\s/g, "-");
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count += 1) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

/**
 * Reports each broken relative link or path: `docs/a.md:3: there is no b.md`.
 *
 * @param folders in the root whose files documents name in code spans
 */
export async function findBrokenLinks(
  folder: string,
  documents: readonly string[],
  folders: readonly string[] = [],
): Promise<string[]> {
  const anchors = new Map<string, Set<string>>();
  const anchorsIn = async (file: string) => {
    const known = anchors.get(file) ?? anchorsOf(await readFile(file, "utf8"));
    anchors.set(file, known);
    return known;
  };
  const broken: string[] = [];
  for (const document of documents) {
    const file = join(folder, document);
    const markdown = await readFile(file, "utf8");
    for (const { target, line } of namedPaths(markdown, folders)) {
      if (!existsSync(join(folder, target))) broken.push(`${document}:${line}: there is no ${target}`);
    }
    for (const [index, text] of prose(markdown).entries()) {
      // A tarball has no images, and only Markdown's own form is made to lead elsewhere.
      if (/<(?:img|picture)\b/.test(text.replace(/(`+).*?\1/g, ""))) {
        broken.push(`${document}:${index + 1}: write the image as ![…](…)`);
      }
    }
    for (const { target, line } of linksOf(markdown)) {
      if (/^[a-z][a-z+.-]*:/i.test(target)) continue;
      const [path = "", anchor] = decodeURI(target).split("#");
      const linked = path === "" ? file : join(dirname(file), path);
      const shown = relative(folder, linked);
      if (!existsSync(linked)) broken.push(`${document}:${line}: there is no ${shown}`);
      else if (anchor && linked.endsWith(".md") && !(await anchorsIn(linked)).has(anchor)) {
        broken.push(`${document}:${line}: ${shown} has no heading #${anchor}`);
      }
    }
  }
  return broken;
}

/**
 * Checks every document of the repository.
 *
 * @param files all of the repository's
 */
export async function findBrokenLinksOf(repository: string, files: readonly string[]): Promise<string[]> {
  const documents = files.filter((file) => file.endsWith(".md"));
  const folders = files.filter((file) => file.includes("/")).map((file) => file.slice(0, file.indexOf("/")));
  return findBrokenLinks(repository, documents, [...new Set(folders)]);
}
