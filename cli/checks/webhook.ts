import { isSameUrl } from "pulumi-customerio/client";
import { operatorCommand, pulumiCommand } from "../../relay/core/operator-command.ts";
import { customerIoOf, startTimeLimit } from "../clients.ts";
import type { Finding } from "../output/finding.ts";
import type { StackSource } from "../stack/source.ts";
import { signingKeySteps } from "./calls.ts";

/** Checks that the reporting webhook posts to the relay or, without a relay, to the stack's dataflow. */
export async function checkWebhook(source: StackSource): Promise<Finding> {
  const resource = source.resource("customerio:index:ReportingWebhook");
  const id = Number(resource.id);
  const webhook = await customerIoOf(source).get(id, startTimeLimit());
  const fix = pulumiCommand("up --refresh", source.target);
  if (!webhook) {
    return {
      verdict: "broken",
      runbook: "finding-webhook",
      found: `Customer.io has no reporting webhook ${id}: it was deleted, or the App API key belongs to another workspace.`,
      todo: `If someone has changed customerio:appApiKey, replace it with a key of the same workspace. If the webhook was deleted: ${fix}`,
    };
  }
  const named = `"${webhook.name}" (${id})`;
  const elsewhere = source.hasRelay
    ? explainOtherRelay(webhook.endpoint, source.relayUrl)
    : explainOtherDataflow(webhook.endpoint, source.dataflowId);
  if (elsewhere !== undefined) {
    const back = operatorCommand(`failover --to ${source.target.stack}`, source.target);
    const todo = source.hasRelay
      ? `If that is the relay of another stack, after a failover, nothing is lost; to go back: ${back}. Otherwise: ${fix}`
      : fix;
    return { verdict: "broken", runbook: "finding-webhook", found: `${named} ${elsewhere}`, todo };
  }
  if (!webhook.disabled) {
    return { verdict: "fine", found: `${named} is enabled, for ${webhook.events.length} kinds of events.` };
  }
  if (source.nextSteps.length > 0) {
    return {
      verdict: "waiting",
      found: `${named} is disabled until a signing key is set.`,
      todo: signingKeySteps(source.target),
    };
  }
  if (resource.inputs.disabled === true) {
    return { verdict: "fine", found: `${named} is disabled, as the stack's settings say: Customer.io sends nothing.` };
  }
  return {
    verdict: "broken",
    runbook: "finding-webhook",
    found: `${named} is disabled: Customer.io sends nothing.`,
    todo: fix,
  };
}

/** Names only the host of the other address: the rest may be a secret, such as an inlet of Platform or the key of a webhook. */
function explainOtherRelay(endpoint: string, relayUrl: string): string | undefined {
  if (isSameUrl(endpoint, relayUrl)) return undefined;
  const host = URL.parse(endpoint)?.host;
  const shown =
    flowIdOf(endpoint) === undefined ? `an address of ${host ?? "no known host"}` : "a dataflow of Platform";
  return `posts to ${shown}, not to ${relayUrl}.`;
}

function explainOtherDataflow(endpoint: string, dataflowId: string): string | undefined {
  return flowIdOf(endpoint) === dataflowId ? undefined : `does not post to the dataflow ${dataflowId}.`;
}

/** The dataflow that an inlet address belongs to. Such an address is a secret: anyone who has it can write into the dataset. */
function flowIdOf(endpoint: string): string | undefined {
  return URL.parse(endpoint)?.searchParams.get("x-adobe-flow-id") ?? undefined;
}
