import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { optionsOf } from "../../cli/command/describe.ts";
import { exitCodes } from "../../cli/command/exit-codes.ts";
import { commands } from "../../cli/commands.ts";
import manifest from "../../package.json" with { type: "json" };
import { repository } from "../e2e/local-stack.ts";
import { call } from "./call.ts";
import { cli } from "./cli.ts";

const names = commands.map(({ name }) => name);

test("without a command it shows all of them, and fails", async () => {
  const { code, stderr } = await call({});
  expect(code).toBe(2);
  expect(stderr).toMatch(/^Usage: customerio-aep /);
  for (const name of [...names, "completion", "help"]) expect(stderr).toMatch(new RegExp(`^  ${name} `, "m"));
});

test.each(names)("%s --help shows every option, examples and the exit codes, and succeeds", async (name) => {
  const { code, stdout } = await call({}, name, "--help");
  const definition = commands.find((command) => command.name === name);
  const options = Object.keys(definition ? optionsOf(definition) : {});
  expect(options.filter((option) => !stdout.includes(`--${option}`))).toEqual([]);
  for (const { args } of definition?.examples ?? []) expect(stdout).toContain(`  customerio-aep ${args}\n`);
  for (const [ending, { code, meaning }] of Object.entries(exitCodes)) {
    if (ending !== "waiting") expect(stdout).toContain(`${code}  ${meaning}\n`);
    else if (definition?.waiting === undefined) expect(stdout).not.toMatch(/^ +3 {2}/m);
    else expect(stdout).toContain(`3  ${definition.waiting}\n`);
  }
  expect(code).toBe(0);
  expect((await call({}, "help", name)).stdout).toBe(stdout);
});

test("docs/operating.md shows each command", async () => {
  const page = await readFile(path.join(repository, "docs/operating.md"), "utf8");
  const missing = names.filter((name) => !page.includes(`npx customerio-aep ${name} `));
  expect(missing.map((name) => `docs/operating.md does not show customerio-aep ${name}`)).toEqual([]);
});

test("a separate process prints the same and has the same exit code", async () => {
  for (const args of [["export"], ["status", "--everything"], ["nothing"], []]) {
    expect(await cli({}, ...args)).toEqual(await call({}, ...args));
  }
});

test("--version prints the package's version", async () => {
  expect(await cli({}, "--version")).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: "" });
});

test.each(["bash", "zsh", "fish", "powershell"])("completion prints a script for %s", async (shell) => {
  const { code, stdout } = await call({}, "completion", shell);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/customerio-aep complete '?--/)]);
});

test("commands, options and their values are completed", async () => {
  const complete = async (...words: string[]) => {
    const { stdout } = await call({}, "complete", "--", ...words);
    return stdout.split("\n").map((line) => line.split("\t")[0]);
  };
  expect(await complete("")).toEqual(expect.arrayContaining(names));
  expect(await complete("replay", "--d")).toEqual(expect.arrayContaining(["--dry-run", "--debug"]));
  expect(await complete("replay", "--class", "")).toEqual(expect.arrayContaining(["malformed", "unreadable"]));
});

describe("in a real bash", () => {
  /** What bash offers for the last word of each line, by the function that it would call when Tab is pressed. */
  async function completeLines(lines: readonly (readonly string[])[], before = ""): Promise<string[][]> {
    const script = [
      before,
      "source <(customerio-aep completion bash)",
      // `complete -F __customerio_aep_complete customerio-aep`
      'read -r _ _ function _ <<< "$(complete -p customerio-aep)"',
      // It sets options of the completion in progress, which this test does not have.
      "compopt() { :; }",
      ...lines.flatMap((words) => [
        `COMP_WORDS=(${["customerio-aep", ...words].map((word) => `'${word}'`).join(" ")})`,
        `COMP_CWORD=${words.length}`,
        '"$function"',
        'echo "${COMPREPLY[@]}"',
      ]),
    ].join("\n");
    const bin = path.join(repository, "node_modules", ".bin");
    const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` };
    const { stdout } = await promisify(execFile)("bash", ["--norc", "-euc", script], { env });
    return stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" "));
  }

  test("commands, options and their values are offered", async () => {
    const lines = [[""], ["sta"], ["replay", "--dr"], ["replay", "--class", "mal"]];
    expect(await completeLines(lines)).toEqual([
      expect.arrayContaining(names),
      ["status"],
      ["--dry-run"],
      ["malformed"],
    ]);
  });

  test("bash-completion's own function is used if it exists", async () => {
    const theirs =
      '_get_comp_words_by_ref() { words=("customerio-aep" "exp"); cword=1; cur="exp"; prev="customerio-aep"; }';
    expect(await completeLines([["anything"]], theirs)).toEqual([["export"]]);
  });
});

test("a mistake is reported as JSON too with --json", async () => {
  const { code, stdout, stderr } = await call({}, "replay", "--rate", "0", "--json");
  expect([code, JSON.parse(stdout), stderr]).toEqual([2, { error: "--rate is invalid: it must be more than 0" }, ""]);
});

test("samples that do not exist are reported", async () => {
  const { code, stderr } = await call({}, "preview", "--samples", "nowhere.json");
  expect([code, stderr]).toEqual([2, "--samples is invalid: there is no file nowhere.json\n"]);
});

describe("in a folder of its own", () => {
  let folder: string;
  let environment: Record<string, string>;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "customerio-aep-cli-"));
    environment = { PULUMI_BACKEND_URL: `file://${folder}`, PULUMI_CONFIG_PASSPHRASE: "none" };
  });
  // A call of Pulumi may still run there that another one's failure has made useless.
  afterAll(() => rm(folder, { recursive: true, maxRetries: 10 }));

  test("a folder that does not exist, and one without a program, are reported", async () => {
    const nowhere = await call(environment, "status", "--cwd", "not/there");
    expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringMatching(/--cwd is invalid: .*not\/there\n$/)]);
    const empty = await call(environment, "status", "--cwd", folder, "--stack", "dev");
    const words = `There is no Pulumi program in ${folder}. Run the command in the program's folder, or name it with --cwd.\n`;
    expect([empty.code, empty.stderr]).toEqual([2, words]);
  });

  test("--debug shows where an error came from, and the calls of Pulumi", async () => {
    const { code, stderr } = await call(environment, "status", "--stack", "nowhere", "--debug");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^debug: \S+ pulumi stack export --show-secrets --stack nowhere \(in /m);
    expect(stderr).toMatch(/^debug: Error: Could not read the stack: .*\n( {4}at |.*\n)/m);
  });

  test("a stack that does not exist, and none at all, are reported with Pulumi's message and what to do", async () => {
    const unknown = await call(environment, "status", "--stack", "nowhere");
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      "Could not read the stack: no stack named 'nowhere' found\nTo list the stacks: npx pulumi stack ls\n",
    ]);
    const { code, stderr } = await call(environment, "status");
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/\nName it with --stack, or choose one: npx pulumi stack select\n$/),
    ]);
  });
});

test.each([
  [["replay", "--from", "yesterday"], "--from is invalid: it must be a date, or an ISO 8601 time with its zone"],
  [["replay", "--to", "2026-11-20T10:00"], "--to is invalid: it must be a date, or an ISO 8601 time with its zone"],
  [["replay", "--rate", "0"], "--rate is invalid: it must be more than 0"],
  [["replay", "--purge-older-than", "old"], "--purge-older-than is invalid: it must be a number of days\n"],
  [
    ["replay", "--class", "unknown"],
    "--class is invalid: it must be one of malformed, refused, expired, poison, unreadable\n",
  ],
  [["tail", "--since", "yesterday"], "--since is invalid: it must be a number of minutes\n"],
  [["console", "--port", "http"], "--port is invalid: it must be a number\n"],
  [["console", "--port", "70000"], "--port is invalid: it must be a port from 1 to 65535, or 0 for a free one\n"],
  [["export"], "--folder is missing. Add --folder <folder>: "],
  [["audit"], /^--from is missing. Add --from <date>: .*\n--to is missing. Add --to <date>: .*\n$/],
  [["cost"], "--events-per-month is missing. Add --events-per-month <number>: events per month"],
  [["evacuate"], "--to is missing. Add --to <stack>: "],
  [["status", "--config-file", "nowhere.yaml"], "--config-file is invalid: there is no file nowhere.yaml"],
  [["status", "--config-file", "docs"], "--config-file is invalid: docs is a folder"],
  [["backfill", "--from", "2999-01-01", "--to", "2999-01-02"], "--from is invalid: in UTC, that day has not begun, or"],
  [
    ["backfill", "--from", "2026-01-01", "--to", "2026-01-02", "--metrics", "sent,open"],
    "--metrics is invalid: it must be metrics, separated by commas, such as sent,opened",
  ],
  [["export", "--folder", ""], "--folder is invalid: it is empty"],
  [["replay", "--stack", ""], "--stack is invalid: it is empty"],
  [["replay", "--stack", "dev", "--reason", ""], "--reason is invalid: it is empty"],
  [["init", "--cwd="], "--cwd is invalid: it is empty"],
  [["export", "--folder", "package.json"], /--folder is invalid: .*package\.json is a file, not a folder/],
  [["export", "--folder", "package.json/kept"], "--folder is invalid: there is a file where a folder is needed"],
  [["export", "--folder", "kept", "--class", "unknown"], "--class is invalid"],
  [["status", "--everything"], "error: unknown option '--everything'"],
  [["verify", "--timeout", "soon"], "--timeout is invalid: it must be a number"],
  [["verify", "--event", "01J9ZK3M5X8QW2R7T4V6B1N0CA"], "--event is invalid: it must be the id of a test event"],
  [
    ["verify", "--event", "a", "--filtered"],
    "--filtered sends a new event, and --event follows an earlier one: choose one of them.",
  ],
])("a mistake is reported before anything is done: %j", async (args, words) => {
  const { code, stderr } = await call({}, ...args);
  expect(code).toBe(2);
  expect(stderr).toMatch(words);
});
