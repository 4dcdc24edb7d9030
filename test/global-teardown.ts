import { rm } from "node:fs/promises";
import { runMark } from "../packages/local-cloud/src/run-mark.ts";
import { leftAfter, showsEnvironments } from "./left-behind.ts";

/** Milliseconds for a process to notice that its parent has ended. */
const patience = 15_000;

/** Fails the run if one of its child processes, or their children, is still alive. */
export default async function globalTeardown(): Promise<void> {
  try {
    await expectNoneLeft();
  } finally {
    if (process.env.PULUMI_HOME !== undefined) await rm(process.env.PULUMI_HOME, { recursive: true, force: true });
  }
}

async function expectNoneLeft(): Promise<void> {
  if (!showsEnvironments) {
    process.stdout.write("Not looked for processes left behind: there is no /proc here.\n");
    return;
  }
  const left = await leftAfter(runMark, process.env[runMark] ?? "", patience);
  for (const { pid } of left) process.kill(pid, "SIGKILL");
  if (left.length === 0) return;
  const lines = left.map(({ pid, commandLine }) => `  ${pid} ${commandLine}`);
  throw new Error(`These processes outlived the tests that started them, and were killed now:\n${lines.join("\n")}`);
}
