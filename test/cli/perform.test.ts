import { z } from "zod";
import { type AnyCommand, type CommandContext, defineCommand } from "../../cli/command/definition.ts";
import { optionsOf } from "../../cli/command/describe.ts";
import { performCommand } from "../../cli/command/perform.ts";
import { UsageError } from "../../cli/command/usage-error.ts";
import { commands } from "../../cli/commands.ts";
import { Interruption } from "../../cli/interrupt.ts";
import { PulumiStack } from "../../cli/stack/pulumi-stack.ts";
import type { StackSource } from "../../cli/stack/source.ts";

interface PerformOptions {
  readonly json?: boolean;
  readonly debug?: boolean;
  readonly source?: string;
  readonly check?: (signal: AbortSignal) => Promise<void>;
  readonly oneSourceReason?: string;
  /** Whether the command prints JSON documents as they come, for all sources at once. */
  readonly streams?: boolean;
}

type Work = (source: string, context: CommandContext) => Promise<string>;

/** What a command for these sources prints, and its exit code. */
async function perform(
  names: readonly string[],
  work: Work,
  { check, oneSourceReason, streams, ...options }: PerformOptions = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = defineCommand({
    name: "work",
    summary: "work",
    description: "",
    options: {},
    examples: [],
    needsSecrets: false,
    needsStorage: false,
    stopsInOrder: true,
    ...(oneSourceReason !== undefined && { oneSourceReason }),
    ...(streams && { jsonLine: z.object({}), runsAtOnce: () => true }),
    json: z.string(),
    checkSources: async (_values, _sources, signal) => check?.(signal),
    run: async (source, _values, context) => ({ ending: "well", json: await work(source.name, context) }),
  });
  const sources = names.map((name) => ({ name }) as StackSource);
  const choose = (name?: string) => sources.filter((one) => name === undefined || one.name === name);
  const printed = { stdout: "", stderr: "" };
  const into = (stream: keyof typeof printed) => (text: unknown) => {
    printed[stream] += text;
    return true;
  };
  const spies = [
    jest.spyOn(PulumiStack, "read").mockResolvedValue({ name: "dev", sources, choose } as unknown as PulumiStack),
    jest.spyOn(process.stdout, "write").mockImplementation(into("stdout")),
    jest.spyOn(process.stderr, "write").mockImplementation(into("stderr")),
  ];
  const listeners = process.listenerCount("SIGINT");
  try {
    return { code: await performCommand(command as unknown as AnyCommand, options), ...printed };
  } finally {
    for (const spy of spies) spy.mockRestore();
    expect(process.listenerCount("SIGINT")).toBe(listeners);
  }
}

/** A call that ends as a vendor's client does after Ctrl-C. */
async function callUntilCtrlC(signal: AbortSignal): Promise<never> {
  process.emit("SIGINT");
  expect(signal.aborted).toBe(true);
  throw new Error("Could not read the messages: aborted");
}

const stopped = "Stopped. Run the same command again to continue.";
const done: Work = async (source) => `${source} is done`;

test("Ctrl-C during a call ends the command with 130 and the words for it", async () => {
  const work: Work = (_source, { signal }) => callUntilCtrlC(signal);
  expect(await perform(["events"], work)).toEqual({ code: 130, stdout: `${stopped}\n`, stderr: "" });
  const { code, stdout } = await perform(["events"], work, { json: true });
  expect([code, JSON.parse(stdout)]).toEqual([130, { error: stopped }]);
});

test("control characters in what a vendor says don't reach the terminal; colors, tabs and line breaks do", async () => {
  const said = "\u001b]52;c;cm0gLXJm\u0007 \u001b[2J\r\u009b1A";
  const likeColors = ["\r[m", "\b[m", "\u0007[0m", "\u009b[31m", "\u009d[m0;title", "\u001b[8m", "\r[31m"];
  const work: Work = async (source, { print }) => {
    print(`\u001b[31mbroken\u001b[39m\t${said}`, "more", ...likeColors);
    if (source === "b") throw new Error(said);
    return source;
  };
  const { stdout, stderr } = await perform(["a", "b"], work, { debug: true });
  expect(stdout).toContain("\u001b[31mbroken\u001b[39m\t\ufffd]52;c;cm0gLXJm\ufffd \ufffd[2J\ufffd\ufffd1A\nmore\n");
  expect(stderr).toContain("\ufffd]52;c;cm0gLXJm");
  for (const control of ["\u0007", "\u001b]", "\u001b[2J", "\r", "\b", "\u009b", "\u009d", "\u001b[8m"]) {
    expect(stdout + stderr).not.toContain(control);
  }
});

test("with --debug, what the call failed with is written too", async () => {
  const { code, stdout, stderr } = await perform(["events"], (_source, { signal }) => callUntilCtrlC(signal), {
    debug: true,
  });
  expect([code, stdout]).toEqual([130, `${stopped}\n`]);
  expect(stderr).toContain("Could not read the messages: aborted");
});

test("Ctrl-C during the checks before the work does so, too", async () => {
  const { code, stdout } = await perform(["events"], done, { check: callUntilCtrlC });
  expect([code, stdout]).toEqual([130, `${stopped}\n`]);
});

test("after Ctrl-C the results of the sources before are kept, and no other source is begun", async () => {
  const work: Work = async (source, context) =>
    source === "north" ? done(source, context) : callUntilCtrlC(context.signal);
  const { code, stdout } = await perform(["north", "south", "west"], work, { json: true });
  expect(code).toBe(130);
  expect(JSON.parse(stdout).sources).toEqual([
    { source: "north", ending: "well", result: "north is done" },
    { source: "south", ending: "interrupted", error: stopped },
  ]);
  const forPeople = await perform(["north", "south", "west"], work);
  expect(forPeople).toEqual({ code: 130, stdout: `Source north\n\nSource south\n${stopped}\n`, stderr: "" });
});

test("Ctrl-C in a question, which the terminal hands over as a key, has words of its own", async () => {
  const work: Work = () => Promise.reject(new Interruption("Stopped. Nothing was changed."));
  expect(await perform(["events"], work)).toEqual({ code: 130, stdout: "Stopped. Nothing was changed.\n", stderr: "" });
});

test("a failure without Ctrl-C ends it with 1, and its listeners are removed", async () => {
  const { code, stderr } = await perform(["events"], () => Promise.reject(new Error("no")));
  expect([code, stderr]).toEqual([1, "no\n"]);
});

test("with --json, --debug writes stack traces too, and standard output stays JSON", async () => {
  const fail: Work = () => Promise.reject(new Error("no", { cause: new Error("the cause") }));
  for (const [names, failed] of [
    [["events"], { error: "no" }],
    [["north", "south"], { sources: [{ error: "no" }, { error: "no" }] }],
  ] as const) {
    const { stdout, stderr } = await perform(names, fail, { json: true, debug: true });
    expect(JSON.parse(stdout)).toMatchObject(failed);
    expect(stderr).toMatch(/^debug: Error: no$.*^debug: Error: the cause$/ms);
    expect((await perform(names, fail, { json: true })).stderr).toBe("");
  }
});

test("a command that prints documents as they come prints a failure in one line, with its source at once", async () => {
  const fail: Work = () => Promise.reject(new Error("no"));
  expect((await perform(["events"], fail, { json: true, streams: true })).stdout).toBe('{"error":"no"}\n');
  const north = Promise.withResolvers<string>();
  const stdout = jest.fn();
  const work: Work = async (source) => {
    if (source === "south") throw new Error("no");
    setImmediate(() => {
      stdout(jest.mocked(process.stdout.write).mock.calls.length);
      north.resolve("north is done");
    });
    return north.promise;
  };
  const ended = await perform(["north", "south"], work, { json: true, streams: true });
  expect(ended).toEqual({ code: 1, stdout: '{"source":"south","error":"no"}\n', stderr: "" });
  // While the other source goes on.
  expect(stdout).toHaveBeenCalledWith(1);
});

test("on a terminal, a command that is still at work a second after Ctrl-C says so, and one that has ended does not", async () => {
  const { isTTY } = process.stderr;
  process.stderr.isTTY = true;
  jest.useFakeTimers();
  try {
    const after = (milliseconds: number): Work => {
      return async (source, context) => {
        process.emit("SIGINT");
        await jest.advanceTimersByTimeAsync(milliseconds);
        return done(source, context);
      };
    };
    const words = "Finishing what is under way. To end at once, press Ctrl-C again.";
    expect((await perform(["events"], after(900))).stderr).not.toContain(words);
    expect((await perform(["events"], after(1_100))).stderr).toContain(words);
    expect(jest.getTimerCount()).toBe(0);
  } finally {
    jest.useRealTimers();
    process.stderr.isTTY = isTTY;
  }
});

test("a source that refuses the options does not take away what was done for another one", async () => {
  const work: Work = (source, context) =>
    source === "north" ? done(source, context) : Promise.reject(new UsageError("--to is invalid"));
  const { code, stdout } = await perform(["north", "south"], work, { json: true });
  expect([code, JSON.parse(stdout).sources]).toEqual([
    1,
    [
      { source: "north", ending: "well", result: "north is done" },
      { source: "south", ending: "broken", error: "--to is invalid" },
    ],
  ]);
  // Chosen alone, nothing was done.
  expect(await perform(["north", "south"], work, { source: "south" })).toMatchObject({
    code: 2,
    stderr: "--to is invalid\n",
  });
});

test("a command about one source asks for it if the stack has several, and its help says so", async () => {
  const options = { oneSourceReason: "each has its own key" };
  expect(await perform(["north", "south"], done, options)).toEqual({
    code: 2,
    stdout: "",
    stderr:
      "--source is missing: the stack dev has several sources, and each has its own key. Choose one: north, south\n",
  });
  expect((await perform(["north", "south"], done, { ...options, source: "south" })).code).toBe(0);
  expect((await perform(["north"], done, options)).code).toBe(0);
  const described = commands.map((command) => [command.name, optionsOf(command).source?.description]);
  const one = described.filter(([, words]) => words === "the source, if the stack has several").map(([name]) => name);
  expect(one.sort()).toEqual(["console", "restore", "signing-key"]);
});
