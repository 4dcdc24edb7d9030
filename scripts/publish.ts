/** `npm run publish-packages`: publishes what `npm run pack` made. Arguments after `--` are npm's, such as `--provenance`. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import { promisify } from "node:util";
import { type PackedFile, packedFiles } from "./packed-files.ts";

const run = promisify(execFile);

/** Why a package can't be published, as a sentence. */
class Refusal extends Error {}

/** Runs npm, which is a shell script on Windows. */
function npm(...args: string[]): Promise<{ stdout: string }> {
  return run("npm", args, { maxBuffer: 1e8, shell: process.platform === "win32" });
}

/** The registry's digest of a version; undefined if the registry lacks the version. */
async function publishedIntegrity({ name, version }: PackedFile): Promise<string | undefined> {
  // Without --prefer-online, npm's cache may return an answer from before a failed run.
  const asked = npm("view", `${name}@${version}`, "dist.integrity", "--json", "--prefer-online");
  const { stdout } = await asked.catch((error: { stdout?: string; stderr?: string }) => {
    if (error.stdout?.includes('"E404"') || error.stderr?.includes("E404")) return { stdout: "" };
    throw new Refusal(`The registry does not say whether it has ${name}@${version}:\n${error.stderr ?? String(error)}`);
  });
  return stdout.trim() ? (JSON.parse(stdout) as string) : undefined;
}

async function integrityOf(file: string): Promise<string> {
  return `sha512-${createHash("sha512")
    .update(await readFile(file))
    .digest("base64")}`;
}

/** Whether the registry has the version; throws if its content differs. */
async function isPublished(packed: PackedFile): Promise<boolean> {
  const published = await publishedIntegrity(packed);
  if (published === undefined || published === (await integrityOf(packed.file))) return published !== undefined;
  throw new Refusal(
    `The registry has another ${packed.name}@${packed.version} than ${relative(".", packed.file)}. ` +
      "A published version never changes: release a newer one (npm run release -- <version>).",
  );
}

async function publish(packed: PackedFile, flags: readonly string[]): Promise<"published" | "there already"> {
  if (await isPublished(packed)) return "there already";
  try {
    await npm("publish", packed.file, "--access", "public", ...flags);
  } catch (error) {
    // The registry may have accepted it although the answer was lost.
    if (await isPublished(packed)) return "published";
    const { stderr = String(error) } = error as { stderr?: string };
    throw new Refusal(
      `${packed.name}@${packed.version} was not published:\n${stderr}\nOnce that is fixed, run this again: published versions are skipped.`,
    );
  }
  return "published";
}

/** Throws unless the tag that started a workflow matches the packages' version. */
function checkTag(packages: readonly PackedFile[]): void {
  const { GITHUB_REF_TYPE: type, GITHUB_REF_NAME: tag } = process.env;
  const other = packages.find(({ version }) => `v${version}` !== tag);
  if (type === "tag" && other) {
    throw new Refusal(
      `The tag is ${tag}, but ${other.name} has version ${other.version}. Make tags with: npm run release`,
    );
  }
}

try {
  const packages = await packedFiles();
  checkTag(packages);
  for (const packed of packages) {
    console.log(`${packed.name}@${packed.version}: ${await publish(packed, process.argv.slice(2))}`);
  }
} catch (error) {
  console.error(error instanceof Refusal ? error.message : error);
  process.exitCode = 1;
}
