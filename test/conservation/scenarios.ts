import { setTimeout as sleep } from "node:timers/promises";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { queueNames } from "../../relay/core/names.ts";
import { lookLasts } from "../../relay/core/queue-marks.ts";
import { longestCall } from "../../relay/core/time-limits.ts";
import type { FaultProxy, NetworkFault } from "./fault-proxy.ts";
import { hostileCalls } from "./hostile-calls.ts";
import type { FlowSource } from "./platform-flow.ts";
import type { World } from "./world.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Events of each scenario, and the milliseconds over which they come. */
export interface Load {
  readonly count: number;
  readonly duration: number;
}

export interface Scenario {
  readonly name: string;
  readonly instances?: number;
  /** Where the relay posts events to; default: `customerio`. */
  readonly source?: FlowSource;
  /** App settings of the relay. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Everything that happens until nothing is wrong any more. It sends `load.count` events. */
  readonly act: (world: World, load: Load) => Promise<void>;
  /** Whether an event may come to Platform twice; always under the same id. Default: true. */
  readonly mayRepeat?: boolean;
  /** Whether events may be given up, and so become dead letters. Default: false. */
  readonly mayExpire?: boolean;
  /** Whether calls come whose signature does not fit. Default: false. */
  readonly hasForgeries?: boolean;
}

interface NetworkTrouble {
  readonly fault: NetworkFault;
  /** Of the connections. */
  readonly share: number;
}

const networkFaults: readonly NetworkTrouble[] = [
  { fault: { kind: "latency", milliseconds: 300 }, share: 1 },
  { fault: { kind: "bandwidth", bytesPerSecond: 20_000 }, share: 1 },
  { fault: { kind: "slow close", milliseconds: 2_000 }, share: 1 },
  { fault: { kind: "timeout" }, share: 0.4 },
  { fault: { kind: "reset" }, share: 0.4 },
  { fault: { kind: "slicing", bytes: 200, milliseconds: 2 }, share: 1 },
  { fault: { kind: "data limit", bytes: 3_000 }, share: 0.5 },
];

/** Milliseconds that a timeout lasts on, so that those who wait for Platform's answer come to the end of their patience. */
const silence = 9_000;

function onNetwork(to: "storage" | "Platform", network: (world: World) => readonly FaultProxy[]): Scenario[] {
  return networkFaults.map(({ fault, share }) => ({
    name: `${fault.kind} on the way to ${to}`,
    act: (world, { count, duration }) =>
      world.under(network(world), fault, share, async () => {
        await world.send(count, duration);
        if (to === "Platform" && fault.kind === "timeout") await sleep(silence);
      }),
  }));
}

function platformAnswers(status: number, retryAfterSeconds: number): Scenario {
  return {
    name: `Platform answers ${status} to most`,
    async act(world, { count, duration }) {
      await world.platform.platform.addFault({
        ...{ target: "inlet", rate: 0.7 },
        effect: { kind: "status", status, retryAfterSeconds },
      });
      await world.send(count, duration);
      // The waits that Platform asked for pass, into the same trouble.
      for (let round = 0; round < 3; round++) {
        await world.pass(minute);
        await sleep(500);
      }
      await world.platform.platform.plain("DELETE", "/__local/faults");
    },
  };
}

/** A queue message of the first version of the envelope, as the relay of that time wrote it. */
const oldEnvelope = (ids: readonly string[], time: string) =>
  JSON.stringify({
    version: 1,
    events: ids.map((id, index) => ({
      id,
      receivedAt: time,
      attempts: index,
      ...(index > 0 && { firstAttemptAt: time, lastError: "HTTP 503" }),
      body: JSON.stringify({ event_id: id, object_type: "email", metric: "sent", timestamp: 1_763_632_800, data: {} }),
    })),
  });

export const scenarios: readonly Scenario[] = [
  {
    name: "nothing is wrong",
    mayRepeat: false,
    act: (world, { count, duration }) => world.send(count, duration),
  },
  ...onNetwork("storage", ({ storageNetwork }) => storageNetwork),
  ...onNetwork("Platform", ({ platformNetwork }) => [platformNetwork]),
  platformAnswers(429, 5),
  platformAnswers(503, 2),
  {
    name: "two tries of three fail, in several ways",
    async act(world, { count, duration }) {
      const { platform } = world.platform;
      const effects = [
        { kind: "status", status: 500 },
        { kind: "status", status: 503, retryAfterSeconds: 1 },
        { kind: "reset" },
      ];
      for (const effect of effects) await platform.addFault({ target: "inlet", rate: 0.3, effect });
      await world.send(count, duration);
      await sleep(2 * duration);
      await platform.plain("DELETE", "/__local/faults");
    },
  },
  {
    name: "half of the tries get 403",
    async act(world, { count, duration }) {
      const effect = { kind: "status", status: 403 };
      await world.platform.platform.addFault({ target: "inlet", rate: 0.5, effect });
      await world.send(count, duration);
      await sleep(duration);
      await world.platform.platform.plain("DELETE", "/__local/faults");
    },
  },
  {
    name: "everything is refused with 400",
    async act(world, { count, duration }) {
      const effect = { kind: "status", status: 400 };
      await world.platform.platform.addFault({ target: "inlet", rate: 1, effect });
      await world.send(count, duration);
      await world.pass(hour);
      await sleep(500);
      await world.platform.platform.plain("DELETE", "/__local/faults");
    },
  },
  ...[
    { name: "a proxy answers 200 with a page", effect: { kind: "page", status: 200 } },
    { name: "a proxy answers 200 with nothing", effect: { kind: "page", status: 200, body: "" } },
    {
      name: "Platform answers as to a batch that failed",
      effect: {
        ...{ kind: "page", status: 207, contentType: "application/json" },
        body: '{"inletId":"i","batchId":"b","receivedTimeMs":1,"responses":[{"statusCode":400,"message":"unknown"}]}',
      },
    },
  ].map(
    ({ name, effect }): Scenario => ({
      name,
      async act(world, { count, duration }) {
        await world.platform.platform.addFault({ target: "inlet", rate: 1, effect });
        await world.send(count, duration);
        await world.pass(hour);
        await sleep(500);
        await world.platform.platform.plain("DELETE", "/__local/faults");
      },
    }),
  ),
  {
    name: "two instances keep to a low rate limit",
    instances: 2,
    mayRepeat: false,
    settings: { PLATFORM_REQUESTS_PER_SECOND: "8" },
    act: (world, { count, duration }) => world.send(count, duration),
  },
  {
    name: "Platform is down for hours",
    async act(world, { count, duration }) {
      await world.without([world.platformNetwork], async () => {
        await world.send(count, duration);
        // Longer than the queue's lease and than the longest step of the retries.
        for (let rounds = 0; rounds < 6; rounds++) {
          await world.pass(30 * minute);
          await sleep(250);
        }
      });
    },
  },
  {
    name: "Platform is down for more than a week",
    mayExpire: true,
    async act(world, { count, duration }) {
      await world.without([world.platformNetwork], async () => {
        await world.send(count / 2, duration / 2);
        for (let days = 0; days < 9; days++) {
          await world.pass(day);
          await sleep(250);
        }
      });
      await world.send(count / 2, duration / 2);
    },
  },
  {
    name: "the dataflow is gone, then back",
    async act(world, { count, duration }) {
      await world.platform.platform.addFault({
        ...{ target: "inlet", rate: 1 },
        effect: { kind: "status", status: 404 },
      });
      await world.send(count, duration);
      await world.pass(hour);
      await sleep(500);
      await world.platform.platform.plain("DELETE", "/__local/faults");
    },
  },
  {
    name: "Adobe IMS gives no tokens for a while",
    source: "http",
    async act(world, { count, duration }) {
      const { platform } = world.platform;
      const refusals = [{ status: 503, retryAfterSeconds: 1 }, { status: 401 }];
      for (const refusal of refusals) {
        await platform.addFault({ target: "ims", rate: 1, effect: { kind: "status", ...refusal } });
        await world.send(count / 4, duration / 4);
        await world.pass(5 * minute);
        await sleep(250);
        await platform.plain("DELETE", "/__local/faults");
      }
      await world.send(count / 2, duration / 2);
    },
  },
  {
    name: "storage is down for a while",
    async act(world, { count, duration }) {
      await world.send(count / 2, duration / 2);
      await world.without(world.storageNetwork, () => world.send(count / 2, duration));
    },
  },
  {
    name: "the host is killed again and again",
    async act(world, { count, duration }) {
      const sending = world.send(count, duration * 2);
      for (let kills = 0; kills < count / 20; kills++) {
        await sleep((duration / 3) * world.random());
        await world.relay.kill();
      }
      await sending;
    },
  },
  {
    name: "the host is killed while storage resets",
    async act(world, { count, duration }) {
      await world.under(world.storageNetwork, { kind: "reset" }, 0.2, async () => {
        const sending = world.send(count, duration);
        await sleep(duration * world.random());
        await world.relay.kill();
        await sending;
      });
    },
  },
  {
    name: "two instances work at one queue",
    instances: 2,
    mayRepeat: false,
    act: (world, { count, duration }) => world.send(count, duration),
  },
  {
    name: "one of two instances is killed",
    instances: 2,
    async act(world, { count, duration }) {
      const sending = world.send(count, duration);
      await sleep(duration * world.random());
      await world.relay.kill();
      await sending;
    },
  },
  {
    name: "Customer.io sends accepted events again",
    mayRepeat: false,
    async act(world, { count, duration }) {
      await world.repeatAccepted(Math.floor(count / 4));
      await world.send(count, duration);
    },
  },
  {
    name: "a filter leaves events out",
    settings: { EVENT_POLICY: JSON.stringify({ filters: { except: { objectTypes: ["sms", "customer"] } } }) },
    mayRepeat: false,
    act: (world, { count, duration }) => world.send(count, duration),
  },
  {
    name: "the signing key is rotated",
    async act(world, { count, duration }) {
      const old = localCredentials.customerIo.signingKey;
      await world.send(count / 4, duration / 4);
      const rotated = await world.rotateSigningKey();
      await world.relay.replace({ settings: { CUSTOMERIO_SIGNING_KEYS: `${old}\n${rotated}` } });
      await world.send(count / 4, duration / 4);
      await world.switchSigningKey();
      await world.send(count / 4, duration / 4);
      await world.relay.replace({ settings: { CUSTOMERIO_SIGNING_KEYS: rotated } });
      await world.send(count / 4, duration / 4);
    },
  },
  {
    name: "the intake is closed, and opened again",
    async act(world, { count, duration }) {
      const queue = world.account.queue(queueNames.events);
      const accepted = () => world.outcomes().reduce((sum, { accepted: some }) => sum + Number(some ?? 0), 0);
      await world.send(count / 2, duration / 2);
      const until = new Date(world.now().getTime() + hour).toISOString();
      await queue.setMetadata({ intake: `closed until ${until}` });
      await sleep(lookLasts + longestCall);
      const before = accepted();
      await world.send(count / 2, duration / 2);
      if (accepted() > before) throw new Error("An event was accepted although the intake was closed.");
      await queue.setMetadata({ intake: "open" });
    },
  },
  {
    name: "the relay is replaced, with its account",
    mayRepeat: false,
    async act(world, { count, duration }) {
      await world.send(count / 2, duration / 2);
      await world.replaceRelay(async () => {
        await world.sendAgain();
        await world.send(count / 2, duration / 2);
      });
      await world.sendAgain();
    },
  },
  {
    name: "an upgrade with a full queue",
    async act(world, { count, duration }) {
      await world.without([world.platformNetwork], async () => {
        await world.send(count / 2, duration / 2);
        const ids = ["old-0", "old-1", "old-2"];
        const message = Buffer.from(oldEnvelope(ids, world.now().toISOString())).toString("base64");
        await world.account.queue(queueNames.events).sendMessage(message, { messageTimeToLive: -1 });
        world.queued(ids);
        await world.relay.replace({ upgrade: true });
      });
      await world.send(count / 2, duration / 2);
    },
  },
  {
    name: "hostile calls come in between",
    hasForgeries: true,
    async act(world, { count, duration }) {
      const sending = world.send(count, duration);
      await hostileCalls(world.endpoint);
      await sending;
    },
  },
  {
    name: "clocks jump",
    async act(world, { count, duration }) {
      for (const shift of [-3 * hour, 50 * hour, 0]) {
        await world.relay.stop();
        await world.relay.start(1, shift);
        await world.pass(30 * minute);
        await world.send(count / 4, duration / 4);
      }
      await world.send(count / 4, duration / 4);
    },
  },
];
