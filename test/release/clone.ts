import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const repository = path.resolve(import.meta.dirname, "../..");

/** How a command ended, and everything that it printed. */
interface Ended {
  readonly code: number;
  readonly printed: string;
}

/** The repository as it is now, uncommitted changes too, as the only commit of a branch `main` in a temporary folder. */
export interface Clone {
  readonly folder: string;
  run(command: string, ...args: string[]): Promise<Ended>;
  remove(): Promise<void>;
}

/** @param environment what the commands see beside this process's environment */
export async function cloneRepository(environment: Readonly<Record<string, string>>): Promise<Clone> {
  const folder = await mkdtemp(path.join(tmpdir(), "customerio-aep-release-"));
  // Without the settings of npm that called the tests, and of the user of git here.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|git_|github_)/i.test(name));
  const somebody = { NAME: "Somebody", EMAIL: "somebody@example.com" };
  const env = {
    ...Object.fromEntries(inherited),
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: somebody.NAME,
    GIT_AUTHOR_EMAIL: somebody.EMAIL,
    GIT_COMMITTER_NAME: somebody.NAME,
    GIT_COMMITTER_EMAIL: somebody.EMAIL,
    ...environment,
  };
  const run = async (command: string, args: readonly string[], cwd: string): Promise<Ended> => {
    try {
      const { stdout, stderr } = await promisify(execFile)(command, args, { cwd, env, maxBuffer: 1e8 });
      return { code: 0, printed: `${stdout}${stderr}` };
    } catch (error) {
      const {
        code = 1,
        stdout = "",
        stderr = String(error),
      } = error as Partial<Record<"stdout" | "stderr", string>> & {
        code?: number;
      };
      return { code, printed: `${stdout}${stderr}` };
    }
  };
  const files = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], repository);
  for (const file of files.printed.split("\0").filter(Boolean)) {
    // One that is deleted but not committed yet is still listed.
    await cp(path.join(repository, file), path.join(folder, file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
  }
  await linkModules(folder);
  await run("git", ["init", "--quiet", "--initial-branch", "main"], folder);
  await run("git", ["add", "--all"], folder);
  await run("git", ["commit", "--quiet", "--message", "Start"], folder);
  return {
    folder,
    run: (command, ...args) => run(command, args, folder),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Gives the clone the repository's modules, but packages of its own, which `node_modules` names by relative links. */
async function linkModules(folder: string): Promise<void> {
  const modules = path.join(repository, "node_modules");
  await mkdir(path.join(folder, "node_modules"));
  for (const entry of await readdir(modules, { withFileTypes: true })) {
    const link = path.join(folder, "node_modules", entry.name);
    if (entry.isSymbolicLink()) await cp(path.join(modules, entry.name), link, { verbatimSymlinks: true });
    else await symlink(path.join(modules, entry.name), link);
  }
}
