import { spawn } from "node:child_process";
import { existsSync, globSync, statSync } from "node:fs";
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { text as contentOf } from "node:stream/consumers";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { readStackSettings } from "../../components/settings/settings.ts";
import { configure } from "../components/stack.ts";
import { type DocumentedCommand, describePlace, listDocumented, normalize } from "./documented.ts";
import { notRun } from "./not-run.ts";
import { complaintAboutRun } from "./run-by.ts";
import { runs } from "./runs.ts";

const repository = path.resolve(import.meta.dirname, "../..");
const documented = listDocumented();

const isSetting = (command: DocumentedCommand | undefined) =>
  command !== undefined && /^pulumi config (set|rm) /.test(normalize(command.text));
const isStack = ({ text }: DocumentedCommand) => normalize(text) === "pulumi stack init <stack>";
const stopped = "Ctrl-C stops a destroy that waits for the queue, with the number left and the flag that gives them up";

describe("a command in a shell block of a page", () => {
  const run = new Set(runs.map(({ command }) => command));
  const isRunHere = (one: DocumentedCommand) => isSetting(one) || isStack(one);
  const listed = documented.map((one) => {
    const command = normalize(one.text);
    return {
      place: describePlace(one),
      command,
      isRun: run.has(command) || isRunHere(one),
      reasons: notRun.filter(({ pattern }) => pattern.test(command)),
    };
  });

  test("is run, or has its reason in test/commands/not-run.ts", () => {
    expect(documented.length).toBeGreaterThan(200);
    expect(listed.filter(({ isRun, reasons }) => !isRun && reasons.length === 0).map(({ place }) => place)).toEqual([]);
    expect(listed.filter(({ isRun, reasons }) => isRun && reasons.length > 0).map(({ place }) => place)).toEqual([]);
  });

  test("needs each of the reasons", () => {
    const used = new Set(listed.flatMap(({ reasons }) => reasons));
    expect(notRun.filter((one) => !used.has(one)).map(({ pattern }) => String(pattern))).toEqual([]);
  });

  test("is run by the test that not-run.ts names", () => {
    const complaints = listed.flatMap(({ place, command, reasons: [reason] }) => {
      const complaint =
        reason !== undefined && "runBy" in reason ? complaintAboutRun(command, reason.runBy, reason.title) : undefined;
      return complaint === undefined ? [] : [`${place}: ${complaint}`];
    });
    expect(complaints).toEqual([]);
  });

  const demo = ["test/e2e/demo.test.ts", "the demo runs all its steps and leaves nothing behind"] as const;
  test.each([
    ["npm run demo", demo, undefined],
    ["npm run bench", demo, "no call"],
    ["A=true npm run demo", demo, "does not set A"],
    [
      "pulumi destroy --exclude-protected",
      ["test/cli/stack.test.ts", stopped],
      "has the words destroy --exclude-protected",
    ],
    ["pulumi destroy", ["test/cli/stack.test.ts", "Ctrl-C"], 'has no test "Ctrl-C"'],
    // Only in what that test expects.
    ["pulumi put", ["test/cli/stack.test.ts", stopped], "has the words put"],
  ] as const)("%s, by %j: %s", (command, [file, title], complaint) => {
    const found = complaintAboutRun(command, file, title);
    if (complaint === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(complaint);
  });
});

describe("the settings that a page sets", () => {
  const pages = Map.groupBy(
    documented.filter((one) => isSetting(one) || isStack(one)),
    ({ page }) => page,
  );
  const program = path.join(repository, "Pulumi.yaml");
  /** What an earlier page has had run, of those whose program the test does not ask. */
  const done = new Set<string>();

  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "documented-"));
    // Every value of a setting must be right; a warning is not wrong.
    jest.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await rm(folder, { recursive: true });
  });

  /** Runs a line as in a shell in the folder of the page's project. */
  async function shell(command: string): Promise<void> {
    const child = spawn("bash", ["-ec", `npx() { "$@"; }\n${command}`], {
      cwd: folder,
      env: {
        ...process.env,
        PATH: `${path.join(repository, "node_modules/.bin")}${path.delimiter}${process.env.PATH ?? ""}`,
        PULUMI_BACKEND_URL: `file://${folder}`,
        PULUMI_CONFIG_PASSPHRASE: "documented",
        PULUMI_SKIP_UPDATE_CHECK: "1",
      },
    });
    // Of a secret, Pulumi asks for the value.
    child.stdin.end(secret);
    const [code, said] = await Promise.all([
      new Promise((resolve) => child.on("close", resolve)),
      contentOf(child.stderr),
    ]);
    expect([command, code, said]).toEqual([command, 0, expect.any(String)]);
  }

  test.each([...pages])(
    "%s",
    async (page, lines) => {
      const own = path.join(repository, path.dirname(page), "Pulumi.yaml");
      const isOfProgram = page === "README.md" || page.startsWith("docs/");
      await copyFile(!isOfProgram && existsSync(own) ? own : program, path.join(folder, "Pulumi.yaml"));
      let block = "";
      for (const line of lines) {
        const command = normalize(line.text);
        if (!isOfProgram && done.has(command)) continue;
        done.add(command);
        const begins = block === "" || (line.block !== block && alternatives.has(page));
        if (begins && !isStack(line)) await shell(`pulumi stack init begun-${line.line}`);
        block = line.block;
        await shell(fillIn(onSelected(line.text)));
        const next = documented[documented.indexOf(line) + 1];
        const isComplete = next?.block !== block || !isSetting(next);
        if (isOfProgram && isSetting(line) && isComplete) {
          expect([describePlace(line), await mistakesIn(folder)]).toEqual([describePlace(line), []]);
        }
      }
    },
    60_000,
  );
});

/** Pages whose blocks are alternatives, each for a stack of its own. */
const alternatives = new Set(["docs/taking-down.md"]);
const secret = "a-secret-that-is-long-enough";

/** On the stack that was made last: the pages name those of their own story. */
function onSelected(command: string): string {
  return command.replace(/ --config-file \S+/, "").replace(/ --stack [\w-]+/, "");
}

function fillIn(command: string): string {
  return command
    .replaceAll(/<datasetId[^>]*>/g, "65f1c0ffee0123456789abcd")
    .replaceAll(/<[^>]*>/g, "0f8fad5b-d9cb-469f-a165-70867728950e");
}

/** What the program says about the settings of the stack that was changed last. */
async function mistakesIn(folder: string): Promise<string[]> {
  const files = globSync("Pulumi.*.yaml", { cwd: folder }).map((name) => path.join(folder, name));
  const [newest = ""] = files.toSorted((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
  const { config = {} } = (parse(await readFile(newest, "utf8")) ?? {}) as { config?: Record<string, unknown> };
  const settings = Object.entries(config).flatMap(([key, value]) =>
    key.startsWith("customerio-aep:") ? [[key.replace("customerio-aep:", ""), decryptValue(value)] as const] : [],
  );
  configure(Object.fromEntries(settings));
  try {
    readStackSettings(new pulumi.Config("customerio-aep"));
    return [];
  } catch (error) {
    return (error as Error).message.split("\n");
  }
}

function decryptValue(value: unknown): unknown {
  return typeof value === "object" && value !== null && "secure" in value ? secret : value;
}
