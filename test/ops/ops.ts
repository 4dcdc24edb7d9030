import { spawn } from "node:child_process";
import path from "node:path";
import type { CloudEnvironment } from "../../packages/local-cloud/src/cloud.ts";
import { runMark } from "../../packages/local-cloud/src/run-mark.ts";
import { repository } from "../e2e/local-stack.ts";

/** What a command printed, and how it ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `npm run ops -- …` in a shell with this environment. */
export async function ops(environment: CloudEnvironment, ...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [path.join(repository, "ops/main.ts"), ...args], {
    env: { PATH: process.env.PATH, [runMark]: process.env[runMark], HOME: process.env.HOME, ...environment },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout, stderr };
}
