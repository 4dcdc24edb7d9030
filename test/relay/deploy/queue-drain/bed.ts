import path from "node:path";
import type { Answer } from "../../../../packages/pulumi-customerio/test/recording-server.ts";
import { queueDrain } from "../../../../relay/deploy/resources/queue-drain.ts";
import { type AzureServer, operationOn, queueId, type TestOperation, useAzure } from "../azure-server.ts";

/** Calls to Azure and to the relay, as keys of a script. */
export const calls = {
  list: `GET ${path.posix.dirname(queueId)}`,
  count: `GET ${queueId}`,
  poison: `GET ${queueId}-poison`,
  mark: `PATCH ${queueId}`,
  health: "GET /health",
} as const;

/** Azure's answer about a queue. Its date is the one on which every mark is based. */
export const queueOf = (length: number, metadata?: Record<string, string>): Answer => ({
  headers: { date: "Fri, 20 Nov 2026 10:00:00 GMT" },
  body: { properties: { approximateMessageCount: length, ...(metadata && { metadata }) } },
});

/** Azure's list of the queues in the account, whose queues of events have these names. */
export const listOf = (...events: string[]): Answer => ({
  body: { value: events.flatMap((name) => [{ name }, { name: `${name}-poison` }]) },
});

type State = Parameters<typeof queueDrain.delete>[2];

/** A relay's queue and its drain, for each test of a file. */
export interface QueueDrainBed {
  readonly azure: AzureServer;
  readonly operation: TestOperation;
  /**
   * The queues return these counts of messages, one after another, and there are dead letters. The intake is closed from the first read on.
   */
  holds(content: { events?: number[]; waiting?: number[]; dead?: number }): void;
  state(): { queueId: string; healthUrl: string; timeoutSeconds: number };
  /** @param changes of the operation */
  drain(changes?: Partial<TestOperation>): Promise<void>;
  /** The marks that were set, in order. */
  marks(): string[];
  /** Sets an environment variable for the operations that follow. */
  setVariable(name: string, value: string): void;
}

/** Gives each test of a file the drain of a queue, with a script that it sets. */
export function useQueueDrain(): QueueDrainBed {
  let azure: AzureServer;
  let operation: TestOperation;
  useAzure((server) => {
    azure = server;
    operation = operationOn(azure);
  });
  const state = () => ({ queueId, healthUrl: `https://${azure.host}/health`, timeoutSeconds: 60 });
  return {
    get azure() {
      return azure;
    },
    get operation() {
      return operation;
    },
    holds({ events = [0], waiting = [0], dead = 0 }) {
      const closed = { intake: "closed until 2026-11-20T10:10:00.000Z" };
      azure.script = {
        // The first read is the one before the mark.
        [calls.count]: [queueOf(0), ...events.map((left) => queueOf(left, closed))],
        [calls.list]: [listOf("events")],
        [calls.poison]: waiting.map((left) => queueOf(left)),
        [calls.mark]: [{ body: {} }],
        [calls.health]: [{ body: { status: "ok", intake: "closed", deadLetters: { count: dead, more: false } } }],
      };
    },
    state,
    // The type for no outputs allows no inputs beside it.
    drain: (changes = {}) => queueDrain.delete({ ...operation, ...changes }, queueId, state() as unknown as State),
    marks: () =>
      azure.requests
        .filter(({ method }) => method === "PATCH")
        .map(({ bytes }) => JSON.parse(String(bytes)).properties.metadata.intake),
    setVariable(name, value) {
      process.env[name] = value;
      operation = operationOn(azure);
    },
  };
}
