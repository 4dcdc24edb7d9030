import { type HttpClient, VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import { type AppApiOptions, openAppApi } from "../client/app-api.ts";
import type { Config } from "../config.ts";
import { type Activity, activityShape, type HistoryMessage, messageShape } from "./message.ts";

/** A time range in Unix seconds: from the first, up to but not including the second. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** A page of messages, and where to begin again if the walk ends after it. */
export interface MessagePage {
  /** Without those of earlier pages. */
  readonly messages: readonly HistoryMessage[];
  /** Unix seconds: all messages created before are in this or an earlier page. */
  readonly doneUntil: number;
}

/** Seconds. Short windows make a walk that was stopped repeat little. */
const windowLength = 24 * 60 * 60;
/** Seconds. Whether a window includes its borders is not documented. */
const overlap = 1;
/** Most entries of a page (the App API's description). */
const mostMessages = 1000;
const mostActivities = 100;
/** Pages in a row without a new activity: those that happen between two calls may move the older ones to later pages. */
const mostMovedPages = 20;

/** Seconds before now at which a range has to end: messages appear in lists with a delay. */
export const listingDelay = 60 * 60;

/**
 * What Customer.io recorded about a workspace's messages: the App API's messages, activities and metrics.
 *
 * All clients of the same key in a process share 8 calls a second. Errors are `VendorError`s. A 429 without `Retry-After`, a used-up
 * daily quota, ends a walk at once; the last page's `doneUntil` is where to continue.
 */
export class History {
  readonly #http: HttpClient;

  constructor(settings: Config, http?: AppApiOptions) {
    this.#http = openAppApi(settings, http);
  }

  /**
   * The messages that were created in a range, in windows of a day, without repetition. Within a window they come in any order.
   *
   * @param range ends at least an hour before now, or messages may be missing
   * @param drafts drafts in place of all other messages
   * @throws VendorError if the API repeats itself, which would be a walk without end
   */
  async *listMessages({ from, to }: TimeRange, signal: AbortSignal, drafts = false): AsyncGenerator<MessagePage> {
    let ofLastWindow: ReadonlySet<string> = new Set();
    for (let start = from; start < to; start += windowLength) {
      const end = Math.min(to, start + windowLength);
      const params = {
        start_ts: start - overlap,
        end_ts: end + overlap,
        limit: mostMessages,
        ...(drafts && { drafts: "true" }),
      };
      const seen = new Set<string>();
      const purpose = `list the messages of ${dateOf(start)}`;
      const list = { path: "/v1/messages", property: "messages", entry: messageShape, params, purpose, seen };
      for await (const { entries, isLast } of this.#pages(list, signal)) {
        const messages = entries.filter(({ id, created }) => !ofLastWindow.has(id) && created >= from && created < to);
        yield { messages, doneUntil: isLast ? end : start };
      }
      ofLastWindow = seen;
    }
  }

  /** Whether the workspace has any message of the last months, without a filter that could be wrong. */
  async hasMessages(signal: AbortSignal): Promise<boolean> {
    const purpose = "check whether the workspace has messages";
    const list = { path: "/v1/messages", property: "messages", entry: messageShape, params: { limit: 1 }, purpose };
    for await (const { entries } of this.#pages({ ...list, seen: new Set() }, signal)) return entries.length > 0;
    return false;
  }

  /**
   * The activity log, the newest first, back to a time. Customer.io keeps 30 days for certain, and has no filter by time.
   *
   * @param since Unix seconds
   * @param type such as `attempted_email`; default: all types
   */
  async *listActivities(since: number, signal: AbortSignal, type?: string): AsyncGenerator<readonly Activity[]> {
    const params = { limit: mostActivities, ...(type !== undefined && { type }) };
    const purpose = "list the activities";
    const list = { path: "/v1/activities", property: "activities", entry: activityShape, params, purpose };
    for await (const { entries } of this.#pages({ ...list, seen: new Set(), stalePages: mostMovedPages }, signal)) {
      const recent = entries.filter(({ timestamp }) => timestamp >= since);
      if (recent.length > 0) yield recent;
      if (entries.length > 0 && recent.length === 0) return;
    }
  }

  /** The pages of a list, each without what came in an earlier one. */
  async *#pages<Entry extends { readonly id: string }>(
    { path, property, entry, params, purpose, seen, stalePages = 0 }: ListCall<Entry>,
    signal: AbortSignal,
  ): AsyncGenerator<{ readonly entries: readonly Entry[]; readonly isLast: boolean }> {
    const answer = z.object({ [property]: z.array(entry).nullish(), next: z.string().nullish() });
    const starts = new Set<string>();
    let stale = 0;
    for (let start: string | undefined; ; ) {
      const query = start === undefined ? params : { ...params, start };
      const { data } = await this.#http.call({ method: "GET", path, params: query, signal, purpose });
      const { next, [property]: entries } = parse(answer, data, purpose) as Page<Entry>;
      const fresh = (entries ?? []).filter(({ id }) => !seen.has(id) && seen.add(id));
      yield { entries: fresh, isLast: !next };
      if (!next) return;
      stale = fresh.length === 0 ? stale + 1 : 0;
      if (stale > stalePages || starts.has(next)) {
        throw new VendorError(
          `Could not ${purpose}: Customer.io returned the same page again. Run the command again; if it fails again, send this message ` +
            "to Customer.io's support.",
          {},
        );
      }
      starts.add(next);
      start = next;
    }
  }
}

interface ListCall<Entry> {
  readonly path: string;
  /** The answer's property that has the entries. */
  readonly property: string;
  readonly entry: z.ZodType<Entry>;
  readonly params: Record<string, string | number>;
  readonly purpose: string;
  /** Gets the ids of all entries. */
  readonly seen: Set<string>;
  /** How many pages in a row may have nothing new; default: none. */
  readonly stalePages?: number;
}

type Page<Entry> = { readonly next?: string | null } & Readonly<Record<string, readonly Entry[] | null | undefined>>;

function dateOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

function parse<Schema extends z.ZodType>(schema: Schema, data: unknown, purpose: string): z.output<Schema> {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new VendorError(
    `Could not ${purpose}: the answer did not match the App API's description (${issue?.path.join(".")}: ${issue?.message}). ` +
      "Check that the setting customerio:appApiUrl points to it, not to a proxy.",
    {},
  );
}
