import { createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { HttpRequest, InvocationContext } from "@azure/functions";
import { samples } from "../packages/pulumi-customerio/src/events/samples.ts";
import { intakeBudget, intakeHandler } from "../relay/azure/intake/intake.ts";
import { RelayStorageClient } from "../relay/azure/storage/storage.ts";
import { queueNames } from "../relay/core/names.ts";
import { eventPolicy } from "../relay/core/policy/policy.ts";
import { startQueues } from "./azurite.ts";
import { type Figure, median, quantile } from "./statistics.ts";

const signingKey = "bench-signing-key";
const events = 5_000;
/** Simultaneous calls, one for each lane of a sender. */
const lanes = [1, 32, 128];

/** Measures the intake's handler with its real storage client against Azurite, called like the Functions host does. */
export async function measureRelayIntake(): Promise<Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), "bench-azurite-"));
  const azurite = await startQueues(folder, Object.values(queueNames));
  try {
    const handler = intakeHandler({
      gate: async () => undefined,
      signingKeys: [signingKey],
      settings: { policy: eventPolicy.parse({}), maximumAgeSeconds: 0 },
      storage: new RelayStorageClient({ connectionString: azurite.connectionString }),
      clock: () => new Date(),
      budget: intakeBudget,
    });
    const post = async (index: number) => {
      const answer = await handler(signedEvent(index), new InvocationContext({ logHandler: () => undefined }));
      if ((answer as { status?: number }).status !== 200) {
        throw new Error(`the intake answered ${JSON.stringify(answer)}`);
      }
    };
    for (let warmUp = 0; warmUp < 200; warmUp++) await post(warmUp);
    const figures: Figure[] = [];
    for (const count of lanes) figures.push(await throughput(count, post));
    return figures;
  } finally {
    await azurite.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function throughput(lanes: number, post: (index: number) => Promise<void>): Promise<Figure> {
  const total = lanes === 1 ? events / 10 : events;
  const times: number[] = [];
  let next = 0;
  const begin = performance.now();
  const lane = async () => {
    while (next < total) {
      const start = performance.now();
      await post(next++);
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const perSecond = total / ((performance.now() - begin) / 1000);
  return {
    what: `relay intake, ${lanes} call${lanes === 1 ? "" : "s"} at a time`,
    value: `${perSecond.toFixed(0)} events/s, p50 ${median(times).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms`,
    ...(lanes > 1 && { target: "acknowledged within Customer.io's 4 s" }),
  };
}

function signedEvent(index: number): HttpRequest {
  const sample = samples[index % samples.length]?.event;
  const body = JSON.stringify({ ...sample, event_id: `bench-${index}` });
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac("sha256", signingKey).update(`v0:${timestamp}:${body}`).digest("hex");
  return new HttpRequest({
    method: "POST",
    url: "https://relay.example/customerio",
    headers: { "content-type": "application/json", "x-cio-timestamp": timestamp, "x-cio-signature": signature },
    // The host passes the body as bytes, which the library's type for tests doesn't allow.
    body: { bytes: Buffer.from(body) } as never,
  });
}
