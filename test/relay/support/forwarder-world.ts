import { keepDuplicates } from "../../../relay/azure/delivery/duplicates.ts";
import { type ForwarderPorts, forwarderHandler } from "../../../relay/azure/delivery/forwarder.ts";
import { PlatformClient } from "../../../relay/azure/delivery/platform-client.ts";
import { RelayStorageClient } from "../../../relay/azure/storage/storage.ts";
import { newEvent, type QueuedEvent } from "../../../relay/core/event/envelope.ts";
import { type Azurite, startAzurite } from "./azurite.ts";
import { type FakePlatform, startFakePlatform } from "./fake-platform.ts";
import { invocation } from "./invocation.ts";
import { openForwarder } from "./open-ports.ts";
import { withoutPace } from "./unpaced.ts";

export const now = new Date("2026-11-20T10:00:00.000Z");
export const receivedAt = "2026-11-20T09:59:30.000Z";

export function bodyOf(id: string, more: object = {}): string {
  return JSON.stringify({ event_id: id, timestamp: 1_727_953_200, ...more });
}

export function event(id: string, more: object = {}) {
  return newEvent({ id, receivedAt, body: bodyOf(id, more) });
}

export function message(...events: QueuedEvent[]) {
  return { version: 1, events };
}

/** Events as they are in the queue after they were put back. */
export function comingBack(...events: QueuedEvent[]) {
  return events.map((each) => ({ ...each, putBack: true }));
}

/** A forwarder between real storage and a Platform with answers set by the test. */
export class ForwarderWorld {
  readonly azurite: Azurite;
  readonly platform: FakePlatform;
  readonly storage: RelayStorageClient;

  private constructor(azurite: Azurite, platform: FakePlatform) {
    this.azurite = azurite;
    this.platform = platform;
    this.storage = new RelayStorageClient({ connectionString: azurite.connectionString });
  }

  static async start(): Promise<ForwarderWorld> {
    return new ForwarderWorld(await startAzurite(), await startFakePlatform());
  }

  async reset(): Promise<void> {
    await this.azurite.reset();
    this.platform.reset();
  }

  async stop(): Promise<void> {
    await this.platform.stop();
    await this.azurite.stop();
  }

  /** Runs the forwarder on one message, and records the delays of the messages that it put back. */
  async forward(body: unknown, ports: Partial<ForwarderPorts> = {}, metadata: Record<string, string> = {}) {
    const { storage } = this;
    const delays: number[] = [];
    const watched: ForwarderPorts["storage"] = {
      enqueue: (text, options) => {
        delays.push(options.delaySeconds);
        // Visible at once, so that the test can look at it.
        return storage.enqueue(text, { ...options, delaySeconds: 0 });
      },
      readClaim: storage.readClaim.bind(storage),
      deleteClaim: storage.deleteClaim.bind(storage),
      putDeadLetter: storage.putDeadLetter.bind(storage),
    };
    const clock = () => now;
    const client = withoutPace(new PlatformClient(this.platform.streamingUrl, { timeout: 20_000 }), clock);
    const { context, lines } = invocation(metadata);
    const handler = forwarderHandler({
      ...openForwarder,
      target: { client, readyAt: undefined },
      storage: watched,
      duplicates: keepDuplicates,
      clock,
      random: () => 0.5,
      ...ports,
    });
    await handler(body, context);
    return { delays, lines, outcomes: lines.map(({ level, outcome }) => ({ ...outcome, level })) };
  }

  receivedIds(): unknown[] {
    return this.platform.received.map(({ event_id }) => event_id).sort();
  }
}
