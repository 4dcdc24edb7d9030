import { isSameUrl } from "pulumi-customerio/client";
import { z } from "zod";
import { operatorCommand, pulumiCommand } from "../../relay/core/operator-command.ts";
import { SharedAnswers } from "../checks/shared-answers.ts";
import { customerIoOf, startTimeLimit } from "../clients.ts";
import { defineCommand } from "../command/definition.ts";
import { formatDuration } from "../output/duration.ts";
import { explainSharedEndpoint, explainUnfit, redirectWebhook } from "./failover.ts";
import { explainOtherDataset, readCounterpart } from "./other-stack.ts";

export const failoverCommand = defineCommand({
  name: "failover",
  summary: "point the stack's webhook at the relay of another stack, such as one in another region",
  description:
    "The other relay must be healthy and know the signing key; otherwise the command changes nothing. It changes only the webhook's endpoint in " +
    "Customer.io, and neither stack. With the stack's own name, it points the webhook back.",
  options: {
    to: {
      value: "stack",
      description: "the stack whose relay gets the events",
      schema: z.string(),
    },
  },
  examples: [
    { args: "failover --stack prod --to prod-west", shows: "from now on, events go to the relay of prod-west" },
    { args: "failover --stack prod --to prod", shows: "points the webhook back to the stack's own relay" },
  ],
  needsSecrets: true,
  needsStorage: true,
  stopsInOrder: false,
  json: z.object({
    webhook: z.string().describe("what Customer.io calls it"),
    endpoint: z.string().describe("where it posts now"),
    changed: z.boolean().describe("false: it already posted there"),
    disabled: z.boolean().describe("whether the webhook is disabled"),
    milliseconds: z.number().describe("from the first check to Customer.io's answer"),
  }),
  async run(source, { to }, { print, progress }) {
    const started = performance.now();
    const target = await progress.showWhile(`reading the stack ${to}`, readCounterpart(source, to));
    const isBack = target === source;
    const answers = new SharedAnswers(target);
    const unfit = await progress.showWhile(`asking the relay of ${to}`, explainUnfit(source, target, answers));
    if (unfit !== undefined) throw new Error(`${unfit} Nothing was changed.`);
    const endpoint = target.relayUrl;
    if (!isBack && isSameUrl(endpoint, source.relayUrl)) throw new Error(explainSharedEndpoint(source, target));
    const id = Number(source.resource("customerio:index:ReportingWebhook").id);
    const redirecting = redirectWebhook(customerIoOf(source), { id, endpoint, signal: startTimeLimit() });
    const { isChanged, name, isDisabled } = await progress.showWhile("redirecting the webhook", redirecting);
    const milliseconds = Math.round(performance.now() - started);
    print(
      isChanged
        ? `The webhook "${name}" (${id}) posts to ${endpoint}, after ${formatDuration(milliseconds)}.`
        : `The webhook "${name}" (${id}) posted to ${endpoint} already.`,
      ...(isDisabled ? ["It is disabled: Customer.io sends nothing."] : []),
    );
    const otherDataset = explainOtherDataset(source, target);
    if (otherDataset !== undefined) print(otherDataset);
    if (!isBack) {
      print(
        `Check that events arrive: ${operatorCommand("verify", target.target)}`,
        `Move what waits in the former relay: ${operatorCommand(`evacuate --to ${to}`, source.target)}`,
        `To go back: ${operatorCommand(`failover --to ${source.target.stack}`, source.target)}. ${pulumiCommand("up --refresh", source.target)} does so too.`,
      );
    }
    return {
      ending: "well",
      json: { webhook: name, endpoint, changed: isChanged, disabled: isDisabled, milliseconds },
    };
  },
});
