import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Metafile } from "esbuild";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
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
 * @throws Error if a package does not name its license
 */
export async function describeThirdParty(repository: string, sources: readonly string[]): Promise<string> {
  const folders = sources.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  const notices = await Promise.all([...new Set(folders)].map((folder) => noticeOf(join(repository, folder))));
  const introduction = "The bundles of this package contain these packages, under these licenses.";
  // A package may be there twice.
  return [introduction, ...[...new Set(notices)].toSorted()].join(`\n\n${"-".repeat(80)}\n\n`);
}

async function noticeOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;
  if (license === undefined) throw new Error(`${name} ${version}, which a bundle contains, does not say its license.`);
  const files = await readdir(folder);
  const licenses = files.filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).toSorted();
  const readTexts = (names: readonly string[]) =>
    Promise.all(names.map((file) => readFile(join(folder, file), "utf8")));
  // Some packages have the text only in a section of their README, and a few have none at all.
  const sections = async () =>
    (await readTexts(files.filter((file) => /^readme/i.test(file)))).flatMap(
      (text) => readmeLicense.exec(text)?.[1] ?? [],
    );
  const texts = licenses.length > 0 ? await readTexts(licenses) : await sections();
  return [`${name} ${version}, ${license}`, ...texts.map((text) => text.replaceAll("\r\n", "\n").trim())].join("\n\n");
}
