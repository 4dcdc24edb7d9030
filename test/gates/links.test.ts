import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { anchorsOf, findBrokenLinks, replaceLinks } from "../../scripts/links.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "links-"));
  await mkdir(path.join(folder, "docs"));
  await writeFile(path.join(folder, "docs/other.md"), "# Other page\n\n## What it costs\n");
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function findBroken(markdown: string): Promise<string[]> {
  await writeFile(path.join(folder, "README.md"), markdown);
  return findBrokenLinks(folder, ["README.md"]);
}

test.each([
  ["to a file that does not exist", "See [this](docs/none.md).", "README.md:1: there is no docs/none.md"],
  [
    "to a heading that does not exist",
    "\n[a](docs/other.md#price)",
    "README.md:2: docs/other.md has no heading #price",
  ],
  ["to a heading of its own that does not exist", "[a](#none)", "README.md:1: README.md has no heading #none"],
  ["by reference", "See [this][1].\n\n[1]: docs/none.md", "README.md:3: there is no docs/none.md"],
  ["of an image", "![picture](docs/none.svg)", "README.md:1: there is no docs/none.svg"],
  ["of an image in HTML", '\n<img alt="picture" src="docs/none.svg">', "README.md:2: write the image as ![…](…)"],
])("a link %s is found", async (_, markdown, complaint) => {
  expect(await findBroken(markdown)).toEqual([complaint]);
});

test.each([
  ["to a heading", "[a](docs/other.md#what-it-costs)"],
  ["to a heading of its own", "# Once more\n[a](#once-more)"],
  ["to a folder", "[a](docs/)"],
  ["to another site", "[a](https://example.com/none.md)"],
  ["in a block of code", "```\n[a](none.md)\n```"],
  ["in a span of code", "Write `[a](none.md)`."],
])("a link %s is fine", async (_, markdown) => {
  expect(await findBroken(markdown)).toEqual([]);
});

test("a path in code style that does not exist is found", async () => {
  await writeFile(path.join(folder, "README.md"), "`docs/other.md`, `docs/none.ts`, `docs/`, `elsewhere/none.ts`");
  const broken = await findBrokenLinks(folder, ["README.md"], ["docs"]);
  expect(broken).toEqual(["README.md:1: there is no docs/none.ts"]);
});

test("headings have GitHub's anchors", () => {
  const markdown =
    "# `npm test`, and more\n## Größe (KiB)\n## Twice\n## Twice\n## A [link](x.md) in it\n```\n# no heading\n```\n";
  expect([...anchorsOf(markdown)]).toEqual(["npm-test-and-more", "größe-kib", "twice", "twice-1", "a-link-in-it"]);
});

test("a link to a file that a tarball lacks leads to the repository, or only its text stays; code is not changed", () => {
  const page = [
    "[here](a.md#top) and [`there.ts`](../there.ts), [away](https://example.com), [below](#top), `[code](../x.ts)`",
    "[![A picture](images/a.png)](a.md), [on two",
    "lines](../there.ts)",
    "```",
    "[block](../there.ts)",
    "```",
  ];
  const replaced = (address?: string) =>
    replaceLinks(
      page.join("\n"),
      (path) => path === "a.md",
      (target, isImage) => address && `${address}/${isImage ? "raw" : "blob"}/${target}`,
    ).split("\n");
  const block = page.slice(-3);
  expect(replaced()).toEqual([
    "[here](a.md#top) and `there.ts`, [away](https://example.com), [below](#top), `[code](../x.ts)`",
    "[A picture](a.md), on two",
    "lines",
    ...block,
  ]);
  expect(replaced("https://code.example")).toEqual([
    "[here](a.md#top) and [`there.ts`](https://code.example/blob/../there.ts), [away](https://example.com), [below](#top), `[code](../x.ts)`",
    "[![A picture](https://code.example/raw/images/a.png)](a.md), [on two",
    "lines](https://code.example/blob/../there.ts)",
    ...block,
  ]);
});
