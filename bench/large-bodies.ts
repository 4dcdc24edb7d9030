import { buildRelay } from "../relay/build.ts";
import { memoryBudget } from "../relay/core/intake/memory-budget.ts";
import { Instance } from "./delivery/instance.ts";
import { signedBy } from "./delivery/sender.ts";
import type { InstanceMemory } from "./instance-heap.ts";
import type { Figure } from "./statistics.ts";

const calls = 100;
/** A body of a million bytes, as much as Platform takes. */
const bytes = 1_000_000;

/** `npm run bench -- memory`: 100 signed bodies of 1 MB at the same time, and the memory of the host with the relay in it. */
export async function measureLargeBodies(): Promise<Figure[]> {
  const { folder } = await buildRelay();
  const figures: Figure[] = [];
  for (const memory of [512, 2048] as const) figures.push(...(await fill(folder, memory)));
  return figures;
}

async function fill(bundle: string, memory: InstanceMemory): Promise<Figure[]> {
  const instance = await Instance.start(bundle, memory);
  try {
    const idle = await instance.mostMemory();
    const begin = performance.now();
    const answers = await Promise.all(
      Array.from({ length: calls }, (_, at) => {
        const body = largeEvent(`bench-large-${at}`);
        return instance.post(body, signedBy(body));
      }),
    );
    const took = performance.now() - begin;
    const accepted = answers.filter((status) => status === 200).length;
    const most = await instance.mostMemory();
    return [
      {
        what: `${calls} bodies of 1 MB at a time, instance of ${memory} MB (${memoryBudget(memory).calls} calls at a time)`,
        value: `${accepted} accepted, ${await instance.claims()} stored, after ${(took / 1000).toFixed(1)} s`,
        target: "all",
      },
      {
        what: "  memory at the peak, host included",
        value: `${most.toFixed(0)} MB, ${idle.toFixed(0)} MB before`,
        target: `below ${memory} MB`,
      },
    ];
  } finally {
    await instance.stop();
  }
}

function largeEvent(event_id: string): Buffer {
  const event = { event_id, object_type: "email", metric: "sent", timestamp: 1_717_430_405, data: { content: "" } };
  const content = "x".repeat(bytes - JSON.stringify(event).length);
  return Buffer.from(JSON.stringify({ ...event, data: { content } }));
}
