import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { leftAfter, markedProcesses, showsEnvironments } from "../left-behind.ts";
import { type LocalStack, repository, startLocalStack } from "./local-stack.ts";

// Only the engine is killed, as by the kernel when memory is short; its child processes are not informed.
let stack: LocalStack;

beforeAll(async () => {
  stack = await startLocalStack({ checkpoints: true });
}, 60_000);

afterAll(() => stack.stop(), 60_000);

const mark = "ENGINE_GONE_TEST";

const asksPlatform = (commandLine: string) => commandLine.includes("pulumi-resource-aep");
const makesTheRelay = (commandLine: string) => commandLine.includes("pulumi-resource-customerio-aep");

test.each([
  { moment: "its program waits for an answer", isReached: asksPlatform },
  { moment: "its program and every provider are at work", isReached: makesTheRelay },
])(
  "program and providers end when the engine is killed while $moment, with nothing left that reads their output",
  async ({ isReached }) => {
    if (!showsEnvironments) return void process.stdout.write("Not tested: there is no /proc here.\n");
    const id = randomUUID();
    const up = ["up", "--yes", "--skip-preview", "--non-interactive", "--stack", "local", "--config-file"];
    const child = spawn("pulumi", [...up, stack.configFile], {
      cwd: repository,
      env: {
        ...process.env,
        PATH: `${path.join(repository, "node_modules/.bin")}:${process.env.PATH}`,
        ...stack.cloud.environment,
        [mark]: id,
      },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const exited = once(child, "exit");
    const processes = () => markedProcesses(mark, id);
    while (!processes().some(({ commandLine }) => isReached(commandLine))) await wait(20);
    child.stdout.destroy();
    child.stderr.destroy();
    const engine = processes().find(
      ({ commandLine }) => /\/bin\/pulumi up /.test(commandLine) && !/^node /.test(commandLine),
    );
    process.kill(engine?.pid ?? 0, "SIGKILL");
    await exited;
    // Upstream's language host checks for its engine only every few minutes, and uses no CPU meanwhile.
    const ours = async () => (await leftAfter(mark, id, 1)).filter(({ commandLine }) => !isHost(commandLine));
    for (let attempt = 0; attempt < 100 && (await ours()).length > 0; attempt++) await wait(100);
    expect(await ours()).toEqual([]);
    for (const { pid } of processes()) process.kill(pid, "SIGKILL");
    await stack.pulumi.run("cancel", "local", "--yes");
  },
  120_000,
);

const isHost = (commandLine: string) => commandLine.includes("pulumi-language-nodejs");
