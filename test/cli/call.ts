import { readFileSync } from "node:fs";
import tls from "node:tls";
import { runCommandLine } from "../../cli/command-line.ts";
import type { CloudEnvironment } from "../../packages/local-cloud/src/cloud.ts";
import { checkJson, cloneFor, type Ended, environmentOf } from "./cli.ts";

/**
 * Runs `customerio-aep …` in this process, for a third of the processor time of a new one; one at a time, since it takes the process's
 * output, environment and folder. A process waits for all that it has started; this does not after an error. test/cli/usage.test.ts
 * compares both ways, and test/commands/run.test.ts starts a process for each command.
 */
export async function call(environment: CloudEnvironment, ...args: string[]): Promise<Ended> {
  const leave = await enter(environment);
  const printed = { stdout: "", stderr: "" };
  const into = (stream: keyof typeof printed) => (text: unknown) => {
    printed[stream] += text;
    return true;
  };
  const spies = [
    jest.spyOn(process.stdout, "write").mockImplementation(into("stdout")),
    jest.spyOn(process.stderr, "write").mockImplementation(into("stderr")),
    // Completion prints by it; jest's own does not write to that stream.
    jest.spyOn(console, "log").mockImplementation((text) => void into("stdout")(`${text}\n`)),
  ];
  let code: number;
  try {
    code = await runCommandLine(args);
  } finally {
    leave();
    for (const spy of spies) spy.mockRestore();
  }
  checkJson(args, printed.stdout);
  return { code, ...printed };
}

/** Makes this process one of a shell with this environment, in its clone. @returns a function that ends that */
async function enter(environment: CloudEnvironment): Promise<() => void> {
  const before = { environment: process.env, folder: process.cwd(), trusted: tls.getCACertificates("default") };
  process.chdir(await cloneFor(environment));
  process.env = environmentOf(environment);
  const { NODE_EXTRA_CA_CERTS: certificate } = environment;
  if (certificate !== undefined) tls.setDefaultCACertificates([...before.trusted, readFileSync(certificate, "utf8")]);
  return () => {
    process.env = before.environment;
    process.chdir(before.folder);
    tls.setDefaultCACertificates(before.trusted);
  };
}
