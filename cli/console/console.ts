import { z } from "zod";
import { findLastAudit } from "../audit/result-file.ts";
import { mappingDraftOf } from "../preview/mapping-draft.ts";
import { parseSamples, type SampleEvent } from "../preview/sample-events.ts";
import type { StackSource } from "../stack/source.ts";
import { mapReceived, mostOfEach, showEvents, traceEvents } from "./data/events.ts";
import { hideInText } from "./data/hide.ts";
import { performOnDeadLetters } from "./data/letter-actions.ts";
import { DeadLetters } from "./data/letters.ts";
import { LiveSource } from "./data/live-source.ts";
import { listSettings } from "./data/settings.ts";
import { faultNames, type StandIns } from "./data/stand-ins.ts";
import { localPace, usualPace, Watch } from "./data/watch.ts";
import { ConsoleRefusal, type PageRequest, type Routes } from "./server.ts";

const letterOrder = z.object({
  action: z.enum(["replay", "export", "purge"]),
  group: z.string(),
  /** How many dead letters the operator was shown, and has confirmed. */
  count: z.number().int(),
});
const sampleOrder = z.object({ text: z.string().optional() });
const localOrder = z.discriminatedUnion("action", [
  z.object({ action: z.literal("samples") }),
  z.object({ action: z.literal("blast"), recipients: z.number().int().min(1).max(5000) }),
  z.object({ action: z.literal("fault"), fault: z.enum(faultNames), isOn: z.boolean() }),
  z.object({ action: z.literal("kill") }),
  z.object({ action: z.literal("time") }),
]);

interface ConsoleOptions {
  readonly source: StackSource;
  /** Reads the source again: an `up` changes its stack. */
  readonly reread: (source: StackSource) => Promise<StackSource>;
  /** Whether the page may change something of a real stack. */
  readonly allowActions: boolean;
  /** The stand-ins, if the source uses the local cloud. */
  readonly standIns: StandIns | undefined;
  /** What the page shows as samples. */
  readonly samples: readonly SampleEvent[];
  /** Folder of the last audit, if it is not one in the working directory. */
  readonly auditFolder: string | undefined;
}

/** What the page can ask, and what it can order. */
export class OperatorConsole {
  readonly #options: ConsoleOptions;
  readonly #live: LiveSource;
  readonly #watch: Watch;
  readonly #letters: DeadLetters;

  constructor(options: ConsoleOptions) {
    this.#options = options;
    this.#live = new LiveSource(options.source, options.reread);
    this.#watch = new Watch(this.#live);
    this.#letters = new DeadLetters(this.#live);
  }

  /** Watches the source until the signal. */
  watch(signal: AbortSignal, pace = this.#options.standIns ? localPace : usualPace): Promise<void> {
    return this.#watch.run(pace, signal);
  }

  /** @param signal stops a replay under way */
  routes(signal: AbortSignal): Routes {
    return {
      "GET /api/about": () => this.#about(),
      "GET /api/state": async ({ query }) => this.#state(query),
      "POST /api/check": async () => this.#watch.check(),
      "GET /api/letters": async ({ query }) => {
        await this.#letters.refresh();
        return this.#letters.describe(isPersonal(query));
      },
      "POST /api/letters": (request) => this.#act(request, signal),
      "GET /api/events": ({ query }) => this.#events(isPersonal(query)),
      "POST /api/preview": (request) => this.#preview(request),
      "GET /api/local": async () => ({ faults: (await this.#options.standIns?.listFaults()) ?? [] }),
      "POST /api/local": ({ body }) => this.#orderLocal(body),
    };
  }

  get #mayAct(): boolean {
    return this.#options.allowActions || this.#options.standIns !== undefined;
  }

  async #about() {
    const { standIns, auditFolder } = this.#options;
    const { current: source, revision } = this.#live;
    return {
      revision,
      stack: source.target.stack,
      source: source.name,
      hasRelay: source.hasRelay,
      mayAct: this.#mayAct,
      isLocal: standIns !== undefined,
      settings: listSettings(source),
      nextSteps: source.nextSteps,
      audit: await findLastAudit(source, auditFolder),
    };
  }

  #state(query: URLSearchParams) {
    const state = this.#watch.describe(Number(query.get("since") ?? 0));
    if (isPersonal(query)) return state;
    const findings = state.findings.map(({ details, ...finding }) => ({
      ...finding,
      ...(details && { details: details.map(hideAddresses) }),
      found: hideAddresses(finding.found),
    }));
    return { ...state, findings };
  }

  async #events(isOpen: boolean) {
    const { standIns } = this.#options;
    const { current: source } = this.#live;
    await this.#letters.refresh().catch(() => undefined);
    const { events, problems } = await traceEvents(source, this.#letters.newest(mostOfEach), {
      rows: await standIns?.rows(source.datasetId).catch(() => undefined),
      bodies: standIns?.bodies ?? new Map(),
    });
    return { events: showEvents(events, mappingDraftOf(source), isOpen), problems };
  }

  async #preview({ query, body }: PageRequest) {
    const { samples } = this.#options;
    const { current: source } = this.#live;
    const { text } = read(sampleOrder, body);
    const given = text === undefined ? samples : parseSamples(text);
    if (given.length === 0 || given.length > 100) throw new ConsoleRefusal(400, "Give between 1 and 100 events.");
    const events = await mapReceived(source, given);
    return { events: showEvents(events, mappingDraftOf(source), isPersonal(query)) };
  }

  async #act({ body }: PageRequest, signal: AbortSignal) {
    if (!this.#mayAct) {
      throw new ConsoleRefusal(403, "This console only reads. To allow actions, start it with --allow-actions.");
    }
    const { action, group, count } = read(letterOrder, body);
    const names = this.#letters.namesOf(group);
    if (names?.length !== count) {
      throw new ConsoleRefusal(409, "The dead letters have changed since you saw them. Check them again.");
    }
    const done = await performOnDeadLetters(this.#live.current, action, names, signal);
    await this.#letters.refresh();
    return { done };
  }

  async #orderLocal(body: unknown) {
    const { standIns } = this.#options;
    if (standIns === undefined) throw new ConsoleRefusal(403, "This stack uses no local cloud.");
    const order = read(localOrder, body);
    switch (order.action) {
      case "samples":
        return { done: `Customer.io sends ${await standIns.sendSamples()} events, one of each kind.` };
      case "blast":
        return { done: `Customer.io sends ${await standIns.sendBlast(order.recipients)} events.` };
      case "fault":
        await standIns.switchFault(order.fault, order.isOn);
        return { done: order.isOn ? "The fault is on." : "The fault is off." };
      case "kill":
        return { done: `${await standIns.killRelay()} instances of the relay were killed. Azure starts them again.` };
      case "time":
        await standIns.passTime();
        return { done: "Two hours have passed for Customer.io. It repeats what was not accepted." };
    }
  }
}

function isPersonal(query: URLSearchParams): boolean {
  return query.get("personal") === "1";
}

/** Findings quote names of objects, which help, so only what looks like a person's address is hidden. */
function hideAddresses(text: string): string {
  return text.includes("@") ? hideInText(text) : text;
}

function read<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new ConsoleRefusal(400, z.prettifyError(parsed.error));
  return parsed.data;
}
