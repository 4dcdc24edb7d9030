/** `npm run release -- <version>`: sets the version of all packages and of "Unreleased" in the changelog, then commits and tags. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { lt } from "semver";
import { isReleasable, readVersion, setVersion } from "./versions.ts";

const repository = join(import.meta.dirname, "..");
const changelog = join(repository, "CHANGELOG.md");
const open = "## Unreleased\n";

/** What has to be fixed before a release; nothing has been changed. */
class Refusal extends Error {}

async function git(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("git", args, { cwd: repository, maxBuffer: 1e8 });
  return stdout.trim();
}

/** Throws a `Refusal` unless everything is ready for a release. */
async function check(version: string | undefined): Promise<string> {
  if (version === undefined) throw new Refusal("Name the version to release, such as: npm run release -- 0.2.0");
  if (!isReleasable(version)) {
    throw new Refusal(`"${version}" is not a version. Give three numbers, such as: npm run release -- 0.2.0`);
  }
  const present = await readVersion(repository);
  if (lt(version, present)) {
    throw new Refusal(`The packages have version ${present} already. Release a version that is not older.`);
  }
  const branch = await git("branch", "--show-current");
  if (branch !== "main") {
    throw new Refusal(
      `This is ${branch ? `the branch ${branch}` : "no branch"}. Releases come from main: git switch main`,
    );
  }
  const changed = await git("status", "--porcelain");
  if (changed) throw new Refusal(`Commit or stash what is not committed yet:\n${changed}`);
  if (await git("tag", "--list", tagOf(version))) {
    throw new Refusal(`The tag ${tagOf(version)} exists already. Release a newer version.`);
  }
  return version;
}

/** Turns "Unreleased" in the changelog into a version. @param date such as `2026-11-28` */
function releaseUnreleased(text: string, version: string, date: string): string {
  const [before, after] = text.split(open);
  const lines = after?.split(/^## /m)[0]?.trim();
  if (before === undefined || after === undefined || !lines) {
    throw new Refusal(`CHANGELOG.md says nothing below "${open.trim()}". Write there what this version changes.`);
  }
  return `${before}${open}\n## ${version} - ${date}\n${after}`;
}

function tagOf(version: string): string {
  return `v${version}`;
}

async function release(asked: string | undefined): Promise<string> {
  const version = await check(asked);
  const date = new Date().toISOString().slice(0, 10);
  const released = releaseUnreleased(await readFile(changelog, "utf8"), version, date);
  try {
    await writeFile(changelog, released);
    await setVersion(repository, version);
    await git("commit", "--all", "--quiet", "--message", `Release ${version}`);
    await git("tag", "--annotate", tagOf(version), "--message", `Release ${version}`);
  } catch (error) {
    // The work tree was clean, so this loses nothing else. A commit without its tag stays, and the error says so.
    await git("restore", "--staged", "--worktree", ".");
    throw error;
  }
  return version;
}

try {
  const version = await release(process.argv[2]);
  console.log(
    `Made the commit and the tag ${tagOf(version)}. To publish it: git push --atomic origin main ${tagOf(version)}`,
  );
} catch (error) {
  console.error(error instanceof Refusal ? error.message : error);
  process.exitCode = 1;
}
