import { isSameUrl, type ReportingWebhooks } from "pulumi-customerio/client";
import { signingKeySteps } from "../checks/calls.ts";
import { describeAnswer, parseHealth, type SharedAnswers } from "../checks/shared-answers.ts";
import type { StackSource } from "../stack/source.ts";
import { signingKeysOf } from "../stack/source-settings.ts";

/**
 * Why a relay can't replace another one, with the remedy; undefined if it can.
 *
 * After an error Customer.io sends nothing for an hour, so this is checked before the webhook is redirected.
 * Azure Resource Manager is not called, since it may be unavailable together with the other region.
 */
export async function explainUnfit(
  from: StackSource,
  to: StackSource,
  answers: Pick<SharedAnswers, "health">,
): Promise<string | undefined> {
  const answer = await answers.health();
  if (answer.status !== 200) {
    return `The relay of the stack ${to.target.stack} can't accept events: its /health ${describeAnswer(answer)}.`;
  }
  const said = parseHealth(answer.text);
  if (said?.intake === "closed") {
    return `The relay of the stack ${to.target.stack} can't accept events: its intake is closed, since it is being taken down.`;
  }
  if (!said?.signingKeys) {
    return `The relay of the stack ${to.target.stack} has no signing key. ${signingKeySteps(to.target)}`;
  }
  const accepted = new Set(signingKeysOf(to));
  const keys = signingKeysOf(from);
  // During a rotation there are several, the newest last. The former ones are only for calls that Customer.io repeats.
  const newest = keys.at(-1);
  if (newest !== undefined && accepted.has(newest)) return undefined;
  const [unknown, remedy] = keys.some((key) => accepted.has(key))
    ? ["the newest", signingKeySteps(to.target, "signing-key --add")]
    : ["any", signingKeySteps(to.target)];
  return (
    `The relay of the stack ${to.target.stack} does not know ${unknown} signing key of the stack ${from.target.stack}, so it would refuse ` +
    `every event. Give it the same key. ${remedy}`
  );
}

/** The result for a webhook. */
export interface RedirectedWebhook {
  /** False: it posted there already. */
  readonly isChanged: boolean;
  /** Its name in Customer.io. */
  readonly name: string;
  /** A disabled webhook sends nothing, wherever it posts. */
  readonly isDisabled: boolean;
}

/**
 * Points a webhook at another relay and changes nothing else about it. Events that Customer.io holds back for it should
 * then go to the new address too, although no source confirms that.
 *
 * @throws if Customer.io has no such webhook, or reports that it still posts elsewhere
 */
export async function redirectWebhook(
  webhooks: Pick<ReportingWebhooks, "get" | "update">,
  { id, endpoint, signal }: { id: number; endpoint: string; signal: AbortSignal },
): Promise<RedirectedWebhook> {
  const webhook = await webhooks.get(id, signal);
  if (webhook === undefined) {
    throw new Error(
      `Customer.io has no reporting webhook ${id}: it was deleted, or the App API key belongs to another workspace. If it was deleted, create it in ` +
        "the stack that is to receive events.",
    );
  }
  const { name, disabled: isDisabled } = webhook;
  if (isSameUrl(webhook.endpoint, endpoint)) return { isChanged: false, name, isDisabled };
  const turned = await webhooks.update(id, { ...webhook, endpoint }, signal);
  if (!isSameUrl(turned.endpoint, endpoint)) {
    throw new Error(
      `Customer.io answered that the reporting webhook "${name}" (${id}) still posts elsewhere. Try again.`,
    );
  }
  return { isChanged: true, name, isDisabled };
}

/** What to do where both stacks have the same `webhookEndpoint`. */
export function explainSharedEndpoint(from: StackSource, to: StackSource): string {
  return (
    `The stacks ${from.target.stack} and ${to.target.stack} have the same webhookEndpoint, ${to.relayUrl}, so the front door at that address decides ` +
    `which relay gets the events. Point its front door at ${to.relayHostName}. Nothing was changed.`
  );
}
