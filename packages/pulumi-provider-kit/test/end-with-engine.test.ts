import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const watcher = path.resolve(__dirname, "../src/engine/end-with-engine.ts");
const folder = mkdtempSync(path.join(tmpdir(), "end-with-engine-"));
// As in Pulumi's SDK: each uncaught error is printed, and a failing write is another uncaught error.
const program = `
import { endProgramWithEngine, endWithoutOutput } from "${watcher}";
process.on("uncaughtException", (error) => console.error(error));
setInterval(() => console.log("at work"), 50);
`;
const started: ChildProcess[] = [];

afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

/** A process as the language host starts a program: with a file of that path. */
async function start(main: string, call: string, environment: Record<string, string>, output: "pipe" | number) {
  const file = path.join(folder, main, "index.mjs");
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, program + call);
  const child = spawn(process.execPath, [file], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", output, output],
  });
  started.push(child);
  if (output === "pipe" && child.stdout) await once(child.stdout, "data");
  return child;
}

const asProgram = "node_modules/@pulumi/pulumi/cmd/run";

async function engine() {
  const server = createServer((socket) => socket.on("error", () => undefined));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, stop: () => new Promise((resolve) => server.close(resolve)) };
}

test("a process ends if its output is no longer read, although it writes its errors to that output", async () => {
  const child = await start("cli", "endWithoutOutput();", {}, "pipe");
  const ended = once(child, "exit");
  child.stdout?.destroy();
  child.stderr?.destroy();
  expect(await ended).toEqual([130, null]);
});

test("a program ends with its engine, even if its language host continues and its output works", async () => {
  const { address, stop } = await engine();
  const child = await start(asProgram, "endProgramWithEngine();", { PULUMI_NODEJS_ENGINE: address }, "pipe");
  const ended = once(child, "exit");
  await stop();
  expect(await ended).toEqual([130, null]);
});

test("a program without a terminal continues while its engine runs", async () => {
  const { address, stop } = await engine();
  const file = openSync(path.join(folder, "output"), "w");
  const child = await start(asProgram, "endProgramWithEngine();", { PULUMI_NODEJS_ENGINE: address }, file);
  await wait(2_500);
  expect([child.exitCode, child.signalCode]).toEqual([null, null]);
  child.kill("SIGKILL");
  await stop();
});

test("a process that runs a program as its own function is not ended", async () => {
  const { address, stop } = await engine();
  await stop();
  const child = await start("automation", "endProgramWithEngine();", { PULUMI_NODEJS_ENGINE: address }, "pipe");
  await wait(2_500);
  expect([child.exitCode, child.signalCode]).toEqual([null, null]);
  child.kill("SIGKILL");
});
