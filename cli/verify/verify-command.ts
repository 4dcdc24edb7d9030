import { randomBytes } from "node:crypto";
import { sleep } from "pulumi-provider-kit/http";
import { z } from "zod";
import { verificationEvent, verificationId, verificationTime } from "../../events/verification.ts";
import { operatorCommand } from "../../relay/core/operator-command.ts";
import { sendTestStep } from "../checks/calls.ts";
import { checkWebhook } from "../checks/webhook.ts";
import { defineCommand } from "../command/definition.ts";
import type { Ending } from "../command/exit-codes.ts";
import { positiveNumber } from "../command/number-option.ts";
import { UsageError } from "../command/usage-error.ts";
import { formatDuration } from "../output/duration.ts";
import { brokenFinding, describeFinding, type Finding, partJson, render } from "../output/finding.ts";
import { RelayTables } from "../relay/relay-tables.ts";
import type { StackSource } from "../stack/source.ts";
import { follow, type Stage, type VerifyOutcome } from "./follow.ts";
import { inletStage, readRunTotals, rowStage } from "./platform-stages.ts";
import { deliveryStage, relayStage } from "./relay-stages.ts";

const endings: Readonly<Record<VerifyOutcome, Ending>> = {
  through: "well",
  broken: "broken",
  waiting: "waiting",
  stopped: "interrupted",
};

export const verifyCommand = defineCommand({
  name: "verify",
  summary: "send one signed test event through every stage, and follow it to its row in the dataset",
  description:
    "Safe in production: the event has the `object_type` `verify`, and an `_id` that begins with `customerio-aep-verify-`. It does not " +
    "prove that Customer.io calls and signs with the same key; `status` reports that under `calls`.",
  options: {
    filtered: {
      description: "the relay checks and accepts the event, but leaves it out, so no row is written",
      schema: z.boolean().default(false),
    },
    event: {
      value: "id",
      description: "send nothing, but follow the event of an earlier run",
      schema: z.string().optional(),
    },
    timeout: {
      value: "minutes",
      description: "how long to follow it; a row may take an hour",
      schema: positiveNumber.default(15),
    },
  },
  waiting: "the event is still on its way",
  examples: [
    { args: "verify --stack dev", shows: "one test event on its way" },
    { args: "verify --stack dev --filtered", shows: "the same, but only as far as the relay and without a row" },
    {
      args: "verify --stack dev --event customerio-aep-verify-20261128T120000Z-1a2b3c4d",
      shows: "what happened to the event of an earlier run",
    },
  ],
  needsSecrets: true,
  needsStorage: false,
  stopsInOrder: true,
  json: z.object({
    event: z.string().describe("id of the test event"),
    outcome: z.enum(["through", "broken", "waiting", "stopped"]),
    parts: z.array(partJson).describe("the stages that it has reached"),
  }),
  check({ filtered, event }) {
    if (filtered && event !== undefined) {
      throw new UsageError("--filtered sends a new event, and --event follows an earlier one: choose one of them.");
    }
    if (event !== undefined && verificationTime(event) === undefined) {
      throw new UsageError("--event is invalid: it must be the id of a test event, as an earlier run printed it.");
    }
  },
  checkSources({ filtered, event }, sources) {
    if (event !== undefined && sources.length > 1) {
      const names = sources.map(({ name }) => name).join(", ");
      throw new UsageError(`--event belongs to one source. Choose it with --source: ${names}`);
    }
    const direct = sources.find(({ hasRelay }) => !hasRelay);
    if (filtered && direct !== undefined) {
      throw new UsageError(
        `--filtered needs a relay, which ${direct.name} does not have: the event would become a row.`,
      );
    }
  },
  async run(source, { filtered, event: earlier, timeout }, { print, progress, signal }) {
    const sentAt = (earlier === undefined ? undefined : verificationTime(earlier)) ?? new Date();
    const id = earlier ?? verificationId(sentAt, randomBytes(4).toString("hex"));
    print(`Stack ${source.target.stack}, event ${id}`, "");
    const parts: ReturnType<typeof describeFinding>[] = [];
    const report = (part: string, finding: Finding) => {
      parts.push(describeFinding(part, finding));
      print(...render(part, finding));
    };
    const webhook = await progress.showWhile("asking Customer.io", checkWebhook(source).catch(brokenFinding));
    report("webhook", webhook);

    const line = progress.line();
    const outcome = await follow({
      stages: earlier === undefined ? await wayOf(source, id, sentAt, filtered) : restOf(source, id, sentAt),
      timeout: timeout * 60_000,
      signal,
      progress: (part, { found }, elapsed) => line.show(`  ${part}, ${formatDuration(elapsed)}: ${found}`),
      report: (part, finding) => {
        line.end();
        report(part, finding);
      },
      monotonic: () => performance.now(),
      sleep,
    });
    line.end();
    if (outcome === "through" && source.hasRelay) print("", ...(await explainUnproven(source)));
    if (outcome === "waiting" || outcome === "stopped") {
      const command = operatorCommand(`verify --event ${id}`, source.target);
      print("", `${outcome === "stopped" ? "Stopped" : "Still on its way"}. To keep following it: ${command}`);
    }
    // The test event arrived, but Customer.io's events would not.
    const ending = outcome === "through" && webhook.verdict === "broken" ? "broken" : endings[outcome];
    return { ending, json: { event: id, outcome, parts } };
  },
});

/** What a test event can't prove, because it is signed with the stack's own key and posted from here. */
async function explainUnproven(source: StackSource): Promise<string[]> {
  const counts = await RelayTables.open(source)
    .then((tables) => tables.readCounts())
    .catch(() => undefined);
  const last =
    counts === undefined
      ? []
      : [
          counts.takenAt === undefined
            ? "The relay has not accepted a call from Customer.io yet."
            : `The relay accepted the last call from Customer.io at ${counts.takenAt.toISOString()}.`,
        ];
  return [
    "This does not prove that Customer.io calls and signs with the same key: the test event was signed with the stack's own key.",
    ...last,
    `To prove it: ${sendTestStep}, then: ${operatorCommand("status", source.target)}`,
  ];
}

/** All stages of a new event. */
async function wayOf(source: StackSource, id: string, now: Date, filtered: boolean): Promise<Stage[]> {
  const event = verificationEvent(id, now, filtered ? "filtered" : "followed");
  const before = filtered ? undefined : await readRunTotals(source).catch(() => undefined);
  const sending = source.hasRelay
    ? [relayStage(source, event), deliveryStage(source, id, now)]
    : [inletStage(source, event)];
  return [...sending, rowStage(source, id, before)];
}

/** The stages after sending. */
function restOf(source: StackSource, id: string, sentAt: Date): Stage[] {
  return [...(source.hasRelay ? [deliveryStage(source, id, sentAt)] : []), rowStage(source, id, undefined)];
}
