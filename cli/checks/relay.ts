import { eventQueues, relayFunctions } from "../../relay/core/names.ts";
import { type CommandTarget, operatorCommand, pulumiCommand } from "../../relay/core/operator-command.ts";
import { azureOf, startTimeLimit } from "../clients.ts";
import type { Finding } from "../output/finding.ts";
import type { StackSource } from "../stack/source.ts";
import { signingKeySteps } from "./calls.ts";
import { describeAnswer, parseHealth, type SharedAnswers } from "./shared-answers.ts";

/** The functions that events need; `takeover` serves only a deployment that replaces the relay. */
function neededFunctions(queues: number): string[] {
  const { intake, health } = relayFunctions;
  return [intake, health, ...eventQueues(queues).flatMap(({ functions }) => Object.values(functions))];
}

/** The command that deploys the code again and makes Azure read its triggers: a plain `up` does not deploy unchanged code. */
export function redeployCommand(target: CommandTarget, code: string): string {
  return pulumiCommand(`up --replace '${code}'`, target);
}

/** Checks that the relay answers, can reach its storage and has a signing key, and that Azure lists all of its functions. */
export async function checkRelay(source: StackSource, answers: SharedAnswers): Promise<Finding> {
  const url = source.healthUrl;
  // The code's id is that of its function app.
  const { id: siteId, urn: code } = source.resource("customerio-aep:index:FunctionCode");
  const { status, text } = await answers.health();
  const listed = status === 200 ? await azureOf(source).listFunctionNames(siteId, startTimeLimit()) : undefined;
  const app = siteId.split("/").at(-1) ?? siteId;
  const queues = source.eventQueues;
  return relayFinding({ url, status, text, queues, listed, app, target: source.target, code });
}

export function relayFinding({
  url,
  status,
  text,
  queues,
  listed,
  app,
  target,
  code,
}: {
  /** Of the health check. */
  url: string;
  /** HTTP status; undefined if there was no answer, in which case `text` has the reason. */
  status: number | undefined;
  text: string;
  /** The number of queues of events. */
  queues: number;
  /** The functions that Azure lists; read only if the health check succeeds. */
  listed: readonly string[] | undefined;
  app: string;
  target: CommandTarget;
  /** The URN of the relay's code. */
  code: string;
}): Finding {
  if (status !== 200) {
    return {
      verdict: "broken",
      runbook: "alert-availability",
      found: `${url} ${describeAnswer({ status, text })}.`,
      todo:
        `See what was changed in Azure: ${operatorCommand("drift", target)}. If it finds something, or the log stream of the function app ${app} in the ` +
        `Azure portal names an app setting or a role: ${pulumiCommand("up --refresh", target)}. Otherwise deploy the code again: ` +
        redeployCommand(target, code),
    };
  }
  const missing = neededFunctions(queues).filter((name) => !listed?.includes(name));
  if (missing.length > 0) {
    return {
      verdict: "broken",
      runbook: "finding-functions",
      found: `It answers, but Azure does not list ${missing.join(", ")} among the functions of ${app}, and never starts functions that it does not list.`,
      todo: redeployCommand(target, code),
    };
  }
  const said = parseHealth(text);
  if (said?.untaken !== undefined) {
    return {
      verdict: "broken",
      runbook: "alert-untaken",
      found: `It answers, but no function has taken a message of the queue ${said.untaken.join(" or ")} for more than ten minutes.`,
      todo: redeployCommand(target, code),
    };
  }
  if (said?.intake === "closed") {
    return {
      verdict: "waiting",
      found: "It is healthy, but its intake is closed because it is being taken down, so it refuses every event.",
      todo:
        "If a `destroy` or `up` is running, let it finish. If it was stopped, the intake opens by itself within 15 minutes. To restore what " +
        `was already deleted: ${pulumiCommand("up", target)}`,
    };
  }
  if (said?.signingKeys) return { verdict: "fine", found: "It is healthy and has a signing key." };
  return {
    verdict: "waiting",
    found: "It is healthy, but has no signing key, so it refuses every event.",
    todo: signingKeySteps(target),
  };
}
