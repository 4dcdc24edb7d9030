import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { sleep } from "pulumi-provider-kit/http";
import { z } from "zod";
import { verificationEvent, verificationId, verificationTime } from "../events/verification.ts";
import { sendTest } from "./checks/calls.ts";
import { checkWebhook } from "./checks/webhook.ts";
import { inWords } from "./duration.ts";
import { brokenBy, render } from "./finding.ts";
import { interrupted, stopOnInterrupt } from "./interrupt.ts";
import { ProgressLine } from "./progress-line.ts";
import { PulumiStack } from "./pulumi-stack.ts";
import { RelayTables } from "./relay-tables.ts";
import { stackOptions } from "./stack-options.ts";
import { UsageError } from "./usage-error.ts";
import { follow, type Outcome, type Stage } from "./verify/follow.ts";
import { inletStage, rowStage, runTotals } from "./verify/platform-stages.ts";
import { deliveryStage, relayStage } from "./verify/relay-stages.ts";

export const verifyUsage = `verify    sends one signed test event through everything, and follows it to its row in the dataset
  --filtered                 the relay checks and takes it, but leaves it out: no row is made
  --event <id>               sends nothing, but follows the event of an earlier run
  --timeout <minutes>        how long it is followed; default 15. A row may take an hour
  exit code 1 if it did not come through, 3 if it is still on its way`;

const choices = z.object({
  stack: z.string().optional(),
  "config-file": z.string().optional(),
  filtered: z.boolean().default(false),
  event: z.string().optional(),
  timeout: z.coerce.number("it must be a number").positive("it must be more than 0").default(15),
});

const exitCodes: Readonly<Record<Outcome, number>> = { through: 0, broken: 1, waiting: 3, stopped: interrupted };

/** `ops verify`. @returns the exit code */
export async function verifyCommand(args: string[]): Promise<number> {
  const text = { type: "string" } as const;
  const options = { ...stackOptions, filtered: { type: "boolean" }, event: text, timeout: text } as const;
  const parsed = choices.safeParse(parseArgs({ args, options }).values);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError(`--${issue?.path.join(".")} is not right: ${issue?.message}`);
  }
  const { filtered, event: earlier, timeout, ...choice } = parsed.data;
  if (filtered && earlier !== undefined)
    throw new UsageError("--filtered is about a new event, --event about an earlier one.");
  const sentAt = earlier === undefined ? new Date() : verificationTime(earlier);
  if (sentAt === undefined) {
    throw new UsageError("--event is not right: it must be the id of a test event, as an earlier run has told it.");
  }
  const id = earlier ?? verificationId(sentAt, randomBytes(4).toString("hex"));

  const stack = await PulumiStack.read({ stack: choice.stack, configFile: choice["config-file"] });
  if (filtered && !stack.hasRelay) {
    throw new UsageError("--filtered needs a relay, which this stack does not have: the event would become a row.");
  }
  print(`Stack ${stack.name}, event ${id}`, "");
  const webhook = await checkWebhook(stack).catch(brokenBy);
  print(...render("webhook", webhook));

  const stop = stopOnInterrupt();
  const line = new ProgressLine();
  const outcome = await follow({
    stages: earlier === undefined ? await wayOf(stack, id, sentAt, filtered) : restOf(stack, id, sentAt),
    timeout: timeout * 60_000,
    signal: stop.signal,
    progress: (part, { found }, elapsed) => line.show(`  ${part}, ${inWords(elapsed)}: ${found}`),
    report: (part, finding) => {
      line.end();
      print(...render(part, finding));
    },
    monotonic: () => performance.now(),
    sleep,
  });
  line.end();
  stop.done();
  if (outcome === "through" && stack.hasRelay) print("", ...(await unproven(stack)));
  if (outcome === "waiting" || outcome === "stopped") {
    const command = `npm run ops -- verify --event ${id} --stack ${stack.name}`;
    print("", `${outcome === "stopped" ? "Stopped" : "Still on its way"}. To go on following it: ${command}`);
  }
  // The event came through; Customer.io's own would not.
  if (outcome === "through" && webhook.verdict === "broken") return 1;
  return exitCodes[outcome];
}

/** What a test event can't prove, since it is signed with the stack's own key and posted from here. */
async function unproven(stack: PulumiStack): Promise<string[]> {
  const counts = await RelayTables.open(stack)
    .then((tables) => tables.counts())
    .catch(() => undefined);
  const last =
    counts === undefined
      ? []
      : [
          counts.takenAt === undefined
            ? "The relay has taken no call of Customer.io's yet."
            : `The relay took the last call of Customer.io's at ${counts.takenAt.toISOString()}.`,
        ];
  return [
    "What this does not prove: that Customer.io calls, and signs with the same key. The test event was signed with the stack's own.",
    ...last,
    `To prove it: ${sendTest}, then: npm run ops -- status --stack ${stack.name}`,
  ];
}

/** The whole way of a new event. */
async function wayOf(stack: PulumiStack, id: string, now: Date, filtered: boolean): Promise<Stage[]> {
  const event = verificationEvent(id, now, filtered ? "filtered" : "followed");
  const before = filtered ? undefined : await runTotals(stack).catch(() => undefined);
  const sending = stack.hasRelay
    ? [relayStage(stack, event), deliveryStage(stack, id, now)]
    : [inletStage(stack, event)];
  return [...sending, rowStage(stack, id, before)];
}

/** What is left of the way after the sending. */
function restOf(stack: PulumiStack, id: string, sentAt: Date): Stage[] {
  return [...(stack.hasRelay ? [deliveryStage(stack, id, sentAt)] : []), rowStage(stack, id, undefined)];
}

function print(...lines: string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}
