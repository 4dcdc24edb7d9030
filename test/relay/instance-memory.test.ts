import { existsSync } from "node:fs";
import path from "node:path";
import { Instance } from "../../bench/delivery/instance.ts";
import { signedBy } from "../../bench/delivery/sender.ts";
import { hostBodyLimit, maxBodyBytes } from "../../relay/core/intake/body-limit.ts";

jest.setTimeout(120_000);

const bundle = path.resolve(import.meta.dirname, "../../relay/dist");
// The bundle is a build product: `npm run build` makes it. Only Linux says how much memory a process has used.
const isPossible = existsSync(path.join(bundle, "index.cjs")) && existsSync("/proc/self/status");
const MiB = 2 ** 20;

(isPossible ? describe : describe.skip).each([512, 2048] as const)("an instance of %d MB", (memory) => {
  let instance: Instance;
  beforeAll(async () => {
    instance = await Instance.start(bundle, memory);
  });
  afterAll(() => instance.stop());

  test("200 large bodies of strangers at a time do not fill its memory, and signed events are stored meanwhile", async () => {
    const largest = Buffer.alloc(maxBodyBytes, " ");
    const [tooLarge, farTooLarge] = [Buffer.alloc(16 * MiB, " "), Buffer.alloc(90 * MiB, " ")];
    const strangers = Array.from({ length: 200 }, (_, at) => instance.post(largest, {}, at % 2 === 0));
    const refused = [
      instance.post(Buffer.alloc(hostBodyLimit, " ")),
      instance.post(tooLarge),
      instance.post(farTooLarge),
    ];
    const events = Array.from({ length: 20 }, (_, at) => {
      const body = Buffer.from(JSON.stringify({ event_id: `kept-${at}`, data: { content: "x".repeat(100_000) } }));
      return untilTaken(() => instance.post(body, signedBy(body)));
    });
    expect(new Set(await Promise.all(strangers))).toEqual(new Set([401]));
    const [justTooLarge, ...beyondTheHost] = await Promise.all(refused);
    expect(justTooLarge).toBe(413);
    // The host answers without reading the rest; a sender that is still writing may only see the connection end.
    for (const status of beyondTheHost) expect([0, 500, 502]).toContain(status);
    expect(await Promise.all(events)).toEqual(events.map(() => 200));
    expect(await instance.claims()).toBe(events.length);
    expect(await instance.mostMemory()).toBeLessThan(memory);
  });
});

/**
 * The answer to a call that is repeated at once, as Customer.io repeats it later, if it gets 503: on a busy machine the storage may not
 * answer in time. While calls are refused for lack of memory, the few attempts end in no time.
 */
async function untilTaken(call: () => Promise<number>): Promise<number> {
  let status = await call();
  for (let attempt = 1; status === 503 && attempt < 5; attempt++) status = await call();
  return status;
}
