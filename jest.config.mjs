import { availableParallelism } from "node:os";

const toCommonJs = {
  jsc: { parser: { syntax: "typescript" }, target: "es2024" },
  module: { type: "commonjs" },
  sourceMaps: "inline",
};

/** Packages that are ES modules alone, which jest can't load as Node does: what Azure's HTTP client needs, the parser of the CLI, and the console's Markdown. */
const esModules = "https-proxy-agent|http-proxy-agent|agent-base|proxy-agent-negotiate|commander|@bomb.sh/tab|marked";

/** @type {import("jest").Config} */
export default {
  testEnvironment: "<rootDir>/test/plain-globals.ts",
  testMatch: ["<rootDir>/test/**/*.test.ts", "<rootDir>/packages/*/test/**/*.test.ts"],
  transform: {
    "\\.ts$": ["@swc/jest", toCommonJs],
    [`/node_modules/(${esModules})/.*\\.m?js$`]: ["@swc/jest", toCommonJs],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esModules})/)`],
  // Built packages have the names of their sources, and templates none yet.
  modulePathIgnorePatterns: ["<rootDir>/build/", "<rootDir>/templates/", "/dist/"],
  setupFiles: ["<rootDir>/test/cheap-stacks.ts"],
  globalSetup: "<rootDir>/test/global-setup.ts",
  globalTeardown: "<rootDir>/test/global-teardown.ts",
  testSequencer: "<rootDir>/test/longest-first.ts",
  // Long enough for a busy machine: a test that hangs ends, and one that is slow does not fail.
  testTimeout: 120_000,
  // More than cores: the long tests mostly wait, for engines and hosts of their own.
  maxWorkers: availableParallelism() * 2,
};
