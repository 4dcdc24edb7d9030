/** What installs the packages of a new project. */
export interface PackageManager {
  readonly command: "npm" | "pnpm" | "yarn" | "bun";
  readonly args: readonly string[];
  /** The file that an installation adds, beside `node_modules`. */
  readonly lockFile: string;
  /** Files that a project needs for this package manager, with their content. */
  readonly files: Readonly<Record<string, string>>;
}

const npm: PackageManager = {
  command: "npm",
  args: ["install", "--no-audit", "--no-fund"],
  lockFile: "package-lock.json",
  files: {},
};

const others: readonly PackageManager[] = [
  {
    command: "pnpm",
    args: ["install"],
    lockFile: "pnpm-lock.yaml",
    // From version 11 on, pnpm reads this instead of .npmrc, and fails if nobody has decided on a script: protobufjs only prints a warning in its
    // own (https://pnpm.io/settings#allowbuilds).
    files: { "pnpm-workspace.yaml": "engineStrict: true\nallowBuilds:\n  protobufjs: false\n" },
  },
  {
    command: "yarn",
    args: ["install"],
    lockFile: "yarn.lock",
    // The engine looks for the plugins in node_modules/.bin.
    files: { ".yarnrc.yml": "nodeLinker: node-modules\n" },
  },
  { command: "bun", args: ["install"], lockFile: "bun.lock", files: {} },
];

/** The package manager that started this command, by how it introduces itself to what it runs; otherwise npm. */
export function startingPackageManager({ npm_config_user_agent: agent = "" }: NodeJS.ProcessEnv): PackageManager {
  return others.find(({ command }) => agent.startsWith(`${command}/`)) ?? npm;
}
