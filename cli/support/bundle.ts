import { chmod, rename, rm, writeFile } from "node:fs/promises";
import { strToU8, zipSync } from "fflate";
import { reportOf } from "../command/debug.ts";
import type { Scrubber } from "./scrub.ts";

/** A file of the bundle. */
export interface BundlePart {
  readonly name: string;
  /** What it is, for people. */
  readonly about: string;
  /** Text, or anything that becomes JSON. */
  collect(): Promise<unknown>;
}

/** Collects all parts, and removes secrets and personal data. A part that fails is replaced by the reason. */
export async function collectBundle(parts: readonly BundlePart[], scrubber: Scrubber): Promise<Map<string, string>> {
  const files = await Promise.all(
    parts.map(async ({ name, collect }) => {
      const content = await collect().catch((error: unknown) => ({ error: reportOf(error) }));
      const text = typeof content === "string" ? content : `${JSON.stringify(content, null, 2)}\n`;
      return [name, scrubber.text(text)] as const;
    }),
  );
  return new Map([["README.txt", readmeOf(parts)], ...files]);
}

function readmeOf(parts: readonly BundlePart[]): string {
  return [
    "What customerio-aep support-bundle collected. Values of secrets and personal data are left out:",
    "bodies of events are never included, and e-mail addresses, phone numbers, tokens and every secret of",
    "the stack are replaced wherever they appear. Look through it before you send it to anyone.",
    "",
    ...parts.map(({ name, about }) => `${name.padEnd(20)} ${about}`),
    "",
  ].join("\n");
}

/** Writes the bundle, which only its owner can read: whole, or not at all. */
export async function writeBundle(file: string, files: ReadonlyMap<string, string>): Promise<number> {
  const zip = zipSync(Object.fromEntries([...files].map(([name, text]) => [name, strToU8(text)])));
  const unfinished = `${file}.part`;
  try {
    await writeFile(unfinished, zip, { mode: 0o600 });
    await chmod(unfinished, 0o600);
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  return zip.length;
}
