import type { AepClient } from "pulumi-aep/client";
import { pathOf, paths } from "pulumi-aep/client";
import { z } from "zod";
import { startTimeLimit } from "../clients.ts";
import { errorWords } from "./error-words.ts";

const flowAnswer = z.object({
  items: z
    .array(
      z.object({
        name: z.string(),
        state: z.string(),
        options: z.object({ inletUrl: z.string().nullish() }).nullish(),
      }),
    )
    .min(1),
});

/** A dataflow as Flow Service describes it; undefined if it is gone. */
export async function readDataflow(
  client: AepClient,
  id: string,
): Promise<{ name: string; state: string; inletUrl: string | undefined } | undefined> {
  const purpose = `read the dataflow ${id}`;
  const call = { method: "GET", path: pathOf(paths.flows, id), signal: startTimeLimit(), purpose } as const;
  const [flow] = (await client.find(call, flowAnswer))?.items ?? [];
  return flow && { name: flow.name, state: flow.state, inletUrl: flow.options?.inletUrl ?? undefined };
}

/** What a dataflow did in one hour in which events arrived. */
export interface DataflowRun {
  readonly startedAt: Date;
  readonly status: string;
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly recordsFailed: number;
  /** Adobe's code and message of each, those of single records first. */
  readonly errors: readonly string[];
}

const count = z.number().nullish();
const runErrors = z
  .array(z.object({ code: z.string().nullish(), message: z.string().nullish() }))
  .nullish()
  .transform((errors) => (errors ?? []).map(({ code, message }) => errorWords(code, message)));
const runsAnswer = z.object({
  items: z.array(
    z.object({
      createdAt: z.coerce.date(),
      // A run that has just begun may have none.
      metrics: z
        .object({
          durationSummary: z.object({ startedAtUTC: count }).nullish(),
          recordSummary: z
            .object({ inputRecordCount: count, outputRecordCount: count, failedRecordCount: count })
            .nullish(),
          statusSummary: z.object({ status: z.string().nullish(), errors: runErrors }).nullish(),
        })
        .nullish()
        .transform((metrics) => metrics ?? {}),
      // What was wrong with single records is here; the run itself may only say that an activity failed ("Monitor dataflows").
      activities: z
        .array(
          z.object({
            statusSummary: z
              .object({ errors: runErrors, extensions: z.object({ errors: runErrors }).nullish() })
              .nullish(),
          }),
        )
        .nullish()
        .catch(undefined),
    }),
  ),
});

/** The last 24 runs of a dataflow, newest first. A streaming dataflow has one run an hour (Adobe's streaming monitoring docs). */
export async function listRuns(client: AepClient, id: string): Promise<DataflowRun[]> {
  const params = { property: `flowId==${id}`, orderby: "-createdAt", limit: 24 };
  const purpose = `list the runs of the dataflow ${id}`;
  const { items } = await client.call(
    { method: "GET", path: paths.runs, params, signal: startTimeLimit(), purpose },
    runsAnswer,
  );
  return items.map(({ createdAt, activities, metrics: { durationSummary, recordSummary, statusSummary } }) => ({
    startedAt: new Date(durationSummary?.startedAtUTC ?? createdAt),
    status: statusSummary?.status ?? "unknown",
    recordsIn: recordSummary?.inputRecordCount ?? 0,
    recordsOut: recordSummary?.outputRecordCount ?? 0,
    recordsFailed: recordSummary?.failedRecordCount ?? 0,
    errors: [
      ...new Set([
        ...(activities ?? []).flatMap((activity) => activity.statusSummary?.extensions?.errors ?? []),
        ...(activities ?? []).flatMap((activity) => activity.statusSummary?.errors ?? []),
        ...(statusSummary?.errors ?? []),
      ]),
    ],
  }));
}
