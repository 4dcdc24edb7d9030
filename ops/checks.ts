import { z } from "zod";
import { AepClient } from "../providers/aep/client.ts";
import { config as aepConfig } from "../providers/aep/config.ts";
import { pathOf, paths } from "../providers/aep/paths.ts";
import { ReportingWebhooks } from "../providers/customerio/client.ts";
import { config as customerIoConfig } from "../providers/customerio/config.ts";
import { readConfig } from "../providers/kit/provider-config.ts";
import { AzureClient } from "../providers/relay/client.ts";
import { config as relayConfig } from "../providers/relay/config.ts";
import { queueNames } from "../relay/core/names.ts";
import type { PulumiStack } from "./pulumi-stack.ts";
import { RelayStorageAccount } from "./relay-storage.ts";

/**
 * - `fine`: as it should be.
 * - `waiting`: nothing is wrong, but it takes its time, or waits for a step of the set-up.
 * - `broken`: somebody has to do something.
 */
export type Verdict = "fine" | "waiting" | "broken";

export interface Finding {
  readonly verdict: Verdict;
  /** What was found, as a sentence. */
  readonly found: string;
  /** What to do about it. */
  readonly todo?: string;
  /** Numbers for the balance. */
  readonly counts?: Partial<Counts>;
}

/** Where events are. */
export interface Counts {
  /** Rows that the dataflow has written, and records that it failed on, as far back as Platform tells. */
  readonly rows: number;
  readonly failedRecords: number;
  readonly deadLetters: number;
  /** Each holds one or more events. */
  readonly messages: number;
}

/** Milliseconds that one check may take, tries again included. */
const patience = 60_000;

/** Whether the reporting webhook sends to the relay. */
export async function checkWebhook(stack: PulumiStack): Promise<Finding> {
  const settings = settingsFor("customerio", customerIoConfig, stack);
  const id = Number(stack.resource("customerio:index:ReportingWebhook").id);
  const webhook = await new ReportingWebhooks(settings).get(id, AbortSignal.timeout(patience));
  const mend = `pulumi up --refresh --stack ${stack.name}`;
  if (!webhook) {
    return { verdict: "broken", found: `Customer.io has no reporting webhook ${id}: somebody deleted it.`, todo: mend };
  }
  const named = `"${webhook.name}" (${id})`;
  const relayUrl = String(stack.outputs.relayUrl);
  if (webhook.endpoint !== relayUrl) {
    return { verdict: "broken", found: `${named} posts to ${webhook.endpoint}, not to ${relayUrl}.`, todo: mend };
  }
  if (!webhook.disabled) {
    return { verdict: "fine", found: `${named} is enabled, for ${webhook.events.length} kinds of events.` };
  }
  const steps = z.array(z.string()).catch([]).parse(stack.outputs.nextSteps);
  if (steps.length > 0) {
    return {
      verdict: "waiting",
      found: `${named} is disabled until the signing key is known.`,
      todo: steps.join(" Then: "),
    };
  }
  return { verdict: "broken", found: `${named} is disabled: Customer.io sends nothing.`, todo: mend };
}

/** Whether the relay answers, can reach its storage and has a signing key. */
export async function checkRelay(stack: PulumiStack): Promise<Finding> {
  const url = new URL("/health", String(stack.outputs.relayUrl)).href;
  const client = new AzureClient(settingsFor("relay", relayConfig, stack));
  const { status, text } = await client.ask(url, AbortSignal.timeout(patience));
  const state = healthOf(text);
  if (status === 200 && state?.signingKeys) return { verdict: "fine", found: "It is healthy and has a signing key." };
  if (status === 200) {
    const todo = `pulumi config set --secret signingKeys <the key> --stack ${stack.name}, then: pulumi up --stack ${stack.name}`;
    return {
      verdict: "waiting",
      found: "It is healthy, but has no signing key, so that it refuses every event.",
      todo,
    };
  }
  const answered = status === undefined ? `did not answer (${text})` : `answered ${status}: ${text || "nothing"}`;
  const app = String(stack.resource("azure-native:web:WebApp").outputs.name);
  return {
    verdict: "broken",
    found: `${url} ${answered}.`,
    todo: `Look at the log stream of the function app ${app} in the Azure portal; after a change of its code or settings: pulumi up --stack ${stack.name}`,
  };
}

/** Whether events wait to be delivered. */
export async function checkQueue(stack: PulumiStack): Promise<Finding> {
  const client = new AzureClient(settingsFor("relay", relayConfig, stack));
  const lengthOf = async (name: string) => {
    const { id } = stack.resource("azure-native:storage:Queue", name);
    return client.queueLength(id, AbortSignal.timeout(patience));
  };
  const [messages, poison] = await Promise.all([lengthOf(queueNames.events), lengthOf(queueNames.poison)]);
  if (messages === undefined || poison === undefined) {
    const todo = `pulumi up --refresh --stack ${stack.name}`;
    return { verdict: "broken", found: "A queue of the relay is gone: somebody deleted it.", todo };
  }
  const counts = { messages: messages + poison };
  if (counts.messages === 0) return { verdict: "fine", found: "Nothing waits.", counts };
  const found =
    `About ${messages} messages wait, each of one or more events` +
    `${poison > 0 ? `; ${poison} are about to become dead letters` : ""}. They are delivered as soon as Platform takes them.`;
  return { verdict: "waiting", found, counts };
}

/** Whether events could not be delivered for good. */
export async function checkDeadLetters(stack: PulumiStack): Promise<Finding> {
  const entries = await (await RelayStorageAccount.open(stack)).deadLetters();
  const counts = { deadLetters: entries.length };
  const newest = new Date(Math.max(...entries.map(({ writtenAt }) => writtenAt.getTime())));
  if (entries.length === 0) return { verdict: "fine", found: "There are none.", counts };
  return {
    verdict: "broken",
    found: `There are ${entries.length}, the newest of ${newest.toISOString()}.`,
    todo: `npm run ops -- replay --dry-run --stack ${stack.name}, mend what the reasons say, then the same without --dry-run`,
    counts,
  };
}

const flowAnswer = z.object({ items: z.array(z.object({ name: z.string(), state: z.string() })).min(1) });
const runsAnswer = z.object({
  items: z.array(
    z.object({
      createdAt: z.number(),
      metrics: z.object({
        recordSummary: z.object({
          outputRecordCount: z.number().default(0),
          failedRecordCount: z.number().default(0),
        }),
        statusSummary: z
          .object({ errors: z.array(z.object({ code: z.string(), message: z.string().default("") })).nullish() })
          .nullish(),
      }),
    }),
  ),
});

/** Whether the dataflow takes events in, and what its latest runs (one an hour in which events came) did with them. */
export async function checkDataflow(stack: PulumiStack): Promise<Finding> {
  const client = new AepClient(settingsFor("aep", aepConfig, stack));
  const signal = AbortSignal.timeout(patience);
  const id = stack.resource("aep:index:Dataflow").id;
  const purpose = `read the dataflow ${id}`;
  const answer = await client.find({ method: "GET", path: pathOf(paths.flows, id), signal, purpose }, flowAnswer);
  const mend = `pulumi up --refresh --stack ${stack.name}`;
  const [flow] = answer?.items ?? [];
  if (!flow) return { verdict: "broken", found: `Platform has no dataflow ${id}: somebody deleted it.`, todo: mend };
  const params = { property: `flowId==${id}`, orderby: "-createdAt", limit: 24 };
  const call = {
    method: "GET",
    path: runsPath,
    params,
    signal,
    purpose: `list the runs of the dataflow ${id}`,
  } as const;
  const { items: runs } = await client.call(call, runsAnswer);
  const sum = (of: (run: (typeof runs)[number]) => number) => runs.reduce((total, run) => total + of(run), 0);
  const counts = {
    rows: sum(({ metrics }) => metrics.recordSummary.outputRecordCount),
    failedRecords: sum(({ metrics }) => metrics.recordSummary.failedRecordCount),
  };
  const named = `"${flow.name}" is ${flow.state}`;
  if (flow.state !== "enabled")
    return { verdict: "broken", found: `${named}: it takes no events in.`, todo: mend, counts };
  const wrote = runs.length === 0 ? "no run yet" : `${counts.rows} rows in its last ${runs.length} runs`;
  if (counts.failedRecords === 0) return { verdict: "fine", found: `${named}; ${wrote}.`, counts };
  const errors = runs.flatMap(({ metrics }) => metrics.statusSummary?.errors ?? []);
  const codes = [...new Set(errors.map(({ code, message }) => `${code} ${message}`.trim()))].slice(0, 3).join("; ");
  return {
    verdict: "broken",
    found: `${named}; ${wrote}, but it failed on ${counts.failedRecords} records (${codes || "no reason given"}).`,
    todo: "Look at the failed runs in Platform: Sources > Dataflows > the dataflow.",
    counts,
  };
}

const runsPath = paths.flows.replace(/flows$/, "runs");

const health = z.object({ signingKeys: z.boolean() });

function healthOf(text: string): z.output<typeof health> | undefined {
  try {
    return health.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** A provider's settings as the provider itself would read them. */
function settingsFor<Config extends z.ZodObject>(name: string, schema: Config, stack: PulumiStack): z.output<Config> {
  const settings = readConfig(name, schema, stack.settingsOf(name));
  if (settings === undefined) throw new Error(`The settings of ${name} are not known yet.`);
  return settings;
}
