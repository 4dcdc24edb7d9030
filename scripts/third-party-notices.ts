import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Metafile } from "esbuild";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly author?: string;
}

/** The section of a README with the license. */
const readmeLicense = /^#* *licen[cs]e *(?:\n-+)?\n((?:(?!^#).*\n?)*)$/im;

/** The files that have a part in what esbuild has written. */
export function sourcesOf({ outputs }: Metafile): string[] {
  const parts = Object.values(outputs).flatMap(({ inputs }) => Object.entries(inputs));
  return [...new Set(parts.flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])))];
}

/**
 * The licenses of the packages in bundles, as a text that has to accompany these.
 *
 * @param sources files of packages and of this repository, relative to it
 * @throws Error if a package does not name its license, or has no text of one that is not MIT
 */
export async function describeThirdParty(repository: string, sources: readonly string[]): Promise<string> {
  const folders = sources.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  const notices = await Promise.all([...new Set(folders)].map((folder) => noticeOf(join(repository, folder))));
  const introduction = "The bundles of this package contain these packages, under these licenses.";
  // A package may be there twice.
  return [introduction, ...[...new Set(notices)].toSorted()].join(`\n\n${"-".repeat(80)}\n\n`);
}

async function noticeOf(folder: string): Promise<string> {
  const { name, version, license, author } = JSON.parse(
    await readFile(join(folder, "package.json"), "utf8"),
  ) as Manifest;
  if (license === undefined) throw new Error(`${name} ${version}, which a bundle contains, does not say its license.`);
  const files = await readdir(folder);
  const licenses = files.filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).toSorted();
  const readTexts = (names: readonly string[]) =>
    Promise.all(names.map((file) => readFile(join(folder, file), "utf8")));
  // Some packages have the text only in a section of their README, which may also just name the license.
  const sections = async () =>
    (await readTexts(files.filter((file) => /^readme/i.test(file)))).flatMap(
      (text) => readmeLicense.exec(text)?.[1]?.trim() ?? [],
    );
  const given = licenses.length > 0 ? await readTexts(licenses) : await sections();
  const texts = given.some((text) => text.length > license.length) ? given : await usualText({ name, license, author });
  return [`${name} ${version}, ${license}`, ...texts.map((text) => text.replaceAll("\r\n", "\n").trim())].join("\n\n");
}

/** The text of a license whose package has none. A copy has to include it nevertheless. */
async function usualText({ name, license, author }: Omit<Manifest, "version">): Promise<string[]> {
  if (license !== "MIT") throw new Error(`${name}, which a bundle contains, has no text of its license, ${license}.`);
  const text = await readFile(join(import.meta.dirname, "mit-license.txt"), "utf8");
  return [`Copyright (c) ${author ?? `the authors of ${name}`}`, text];
}
