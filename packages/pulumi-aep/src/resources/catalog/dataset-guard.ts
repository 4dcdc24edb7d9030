import { defineResource } from "pulumi-provider-kit";
import { callOnce, jsonOf } from "pulumi-provider-kit/http";
import { z } from "zod";
import type { AepClient } from "../../client/client.ts";
import { afterwards, requireEmpty } from "./data-loss.ts";

const inputs = z.object({
  datasetId: z.string().meta({ description: "Id of the dataset." }),
  forceDestroy: z.boolean().default(false).meta({ description: "The dataset's own `forceDestroy`." }),
  keep: z.boolean().default(false).meta({ description: "The dataset's own `keep`." }),
  relayHealthUrl: z
    .string()
    .optional()
    .meta({
      description:
        "Address of the health check of the relay that sends to the dataset. Rows take up to an hour to appear in Platform, and events may " +
        "still wait in the relay.",
    }),
  deletedBefore: z.string().optional().meta({
    description: "What a destroy deletes before this guard, for its message: `Customer.io's webhook`. Absent: nothing.",
  }),
});

/** Seconds for which a relay repeats the same answer. Earlier versions do not say how old their answer is. */
const oldest = 5;

const health = z.object({
  status: z.literal("ok"),
  /** Absent if the relay could not check it; earlier versions never say no. */
  hasTakenEvents: z.boolean().optional(),
  ageSeconds: z.number().max(60).optional(),
});

/** Generous, since an idle relay has to start first. */
const patience = { failures: 4, timeout: 20_000, pause: 6_000 };

/**
 * Asks whether a relay has ever accepted an event; `failure` says why there is no answer. If the relay's answer is older than the
 * question, only a yes counts; otherwise the relay is asked again.
 */
async function askRelay(
  client: AepClient,
  url: string,
  signal: AbortSignal,
): Promise<{ readonly hasTakenEvents: boolean; readonly failure?: string }> {
  let failure = "it was not asked";
  let failures = 0;
  let waited = 0;
  while (!signal.aborted) {
    const { status, text } = await callOnce({ method: "GET", url, timeout: patience.timeout, signal });
    const answer = status === 200 ? health.safeParse(jsonOf(text)) : undefined;
    let { pause } = patience;
    const { hasTakenEvents, ageSeconds = oldest } = answer?.data ?? {};
    if (hasTakenEvents) return { hasTakenEvents };
    if (hasTakenEvents === false) {
      if (ageSeconds * 1_000 <= waited) return { hasTakenEvents };
      // At least a second, since ages are rounded.
      pause = Math.max(1, oldest - (answer?.data?.ageSeconds ?? 0)) * 1_000;
    } else {
      if (answer?.success) failure = "it could not check that";
      else failure = status === undefined ? text : `it answers ${status}`;
      failures += 1;
      if (failures === patience.failures) break;
    }
    await client.wait(pause, signal);
    waited += pause;
  }
  return { hasTakenEvents: false, failure };
}

/**
 * Guards everything that leads to a dataset. It depends on everything else, so the engine deletes it first. If the dataset's deletion
 * would be refused in the end, the guard's is refused at once. A second guard, deleted when no more events can arrive, notices events
 * that arrived after the first check.
 */
export const datasetGuard = defineResource<AepClient>()({
  type: "aep:index:DatasetGuard",
  description:
    "Refuses `npx pulumi destroy` before it deletes anything, if the dataset holds data and has neither `forceDestroy` " +
    "nor `keep`. It does not exist in Platform: give it the resource option dependsOn with everything that must still work " +
    "after a refused destroy. Imported by the dataset's id.",
  inputs,
  outputs: z.object({}),
  onlyInState: true,

  create: (_operation, { datasetId }) => Promise.resolve({ id: datasetId, outputs: {} }),

  read: (_operation, id, known) =>
    Promise.resolve({ inputs: known ?? { datasetId: id, forceDestroy: false, keep: false }, outputs: {} }),

  update: () => Promise.resolve({}),

  async delete(operation, _id, { datasetId, forceDestroy, keep, relayHealthUrl, deletedBefore }) {
    if (forceDestroy || keep) return;
    const refused =
      deletedBefore === undefined
        ? "Nothing has been deleted"
        : `${deletedBefore} is already deleted; \`npx pulumi up\` brings it back. The dataset is not deleted`;
    const isThere = await requireEmpty(operation, { id: datasetId }, { refused, ways: afterwards });
    if (!isThere || relayHealthUrl === undefined) return;
    const relay = await askRelay(operation.client, relayHealthUrl, operation.signal);
    if (relay.failure !== undefined) {
      // Only a warning, or a broken relay could never be taken down. Events that wait in it stop the relay's own deletion.
      operation.warn(
        `The relay could not be asked whether rows are on their way (${relayHealthUrl}: ${relay.failure}). Platform shows none in the dataset.`,
      );
    }
    if (!relay.hasTakenEvents) return;
    const ways = afterwards.map((way) => `\n  - ${way}`).join("");
    throw new Error(
      `The dataset ${datasetId} may hold or receive data: its relay has accepted events, and rows take up to an hour to appear in ` +
        `Platform. ${refused}.${ways}`,
    );
  },
});
