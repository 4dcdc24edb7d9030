import { lt } from "semver";
import { z } from "zod";
import manifest from "../../package.json" with { type: "json" };
import { type CommandTarget, pulumiCommand } from "../../relay/core/operator-command.ts";
import type { Finding } from "../output/finding.ts";
import type { StackSource } from "../stack/source.ts";
import { redeployCommand } from "./relay.ts";
import { parseHealth, type SharedAnswers } from "./shared-answers.ts";

const code = z.object({ version: z.string().optional() });

/** Checks that this command line, the program that deployed the relay, and the running relay have the same version. */
export async function checkVersions(source: StackSource, answers: SharedAnswers): Promise<Finding> {
  const { outputs, urn } = source.resource("customerio-aep:index:FunctionCode");
  const { text } = await answers.health();
  return versionsFinding({
    own: manifest.version,
    deployed: code.parse(outputs).version,
    running: parseHealth(text),
    target: source.target,
    code: urn,
  });
}

export function versionsFinding({
  own,
  deployed,
  running,
  target,
  code,
}: {
  /** Of this command line. */
  own: string;
  /** Of the program that deployed the relay last; undefined if it was too old to say. */
  deployed: string | undefined;
  /** The running relay's answer, without a version if the relay is too old to send one; undefined if it does not answer. */
  running: { version?: string | undefined } | undefined;
  target: CommandTarget;
  /** The URN of the relay's code. */
  code: string;
}): Finding {
  const [fromProgram, fromRelay] = [deployed, running?.version].map((known) => known ?? "an earlier version");
  const details = [
    `This command line: ${own}. The program that deployed the relay: ${fromProgram}. ` +
      `The running relay: ${running ? fromRelay : "it does not answer"}.`,
  ];
  if (running && running.version !== deployed) {
    return {
      verdict: "broken",
      runbook: "finding-versions",
      found: "The running relay has a different version from the program that deployed it.",
      details,
      todo: `Deploy its code again: ${redeployCommand(target, code)}`,
    };
  }
  if (deployed === own) {
    return { verdict: "fine", found: "Command line, program and relay have matching versions.", details };
  }
  if (deployed === undefined || lt(deployed, own)) {
    return {
      verdict: "waiting",
      found: "The relay is older than this command line.",
      details,
      todo: `Install the same version for the program (${install(own)}), then: ${pulumiCommand("up", target)}`,
    };
  }
  return {
    verdict: "broken",
    runbook: "finding-versions",
    found: "This command line is older than the relay, and may misread the relay's data.",
    details,
    todo: `Install the same version: ${install(deployed)}`,
  };
}

function install(version: string): string {
  return `npm install ${manifest.name}@${version}, or git pull && npm ci in a clone of the repository`;
}
