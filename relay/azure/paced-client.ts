import { setTimeout as sleep } from "node:timers/promises";
import { retryAfterSeconds } from "../../http/retry-after.ts";
import type { Pause } from "../core/breaker.ts";
import { verdictOf } from "../core/delivery.ts";
import type { Pace } from "../core/pace.ts";
import type { PlatformAnswer } from "./platform-answer.ts";
import type { PlatformClient } from "./platform-client.ts";

/** What the forwarder sends with. */
export interface Sender {
  /** Why nothing may be sent at all now. */
  pause(): Pause | undefined;
  /** Sends one event when its turn comes; a pause means that it was not sent. */
  send(body: string): Promise<PlatformAnswer | Pause>;
}

export interface PacedClientPorts {
  readonly client: Pick<PlatformClient, "send">;
  readonly pace: Pace;
  /** How many instances send now. */
  readonly instances: () => Promise<number>;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
  readonly clock: () => Date;
}

/** Sends at the pace that all instances together may have, and not at all while Platform takes nothing. */
export class PacedClient implements Sender {
  readonly #ports: PacedClientPorts;

  constructor(ports: PacedClientPorts) {
    this.#ports = ports;
  }

  pause(): Pause | undefined {
    return this.#ports.pace.pause(this.#ports.monotonic());
  }

  async send(body: string): Promise<PlatformAnswer | Pause> {
    const { client, pace, instances, monotonic, clock } = this.#ports;
    const sending = await instances();
    const turn = pace.turn(monotonic(), sending);
    if ("seconds" in turn) return turn;
    if (turn.wait > 0) await sleep(turn.wait);
    // Meanwhile Platform may have failed; then this request would only be one more.
    if (!pace.isValid(turn)) return this.pause() ?? this.send(body);
    const answer = await client.send(body);
    const outcome =
      "status" in answer
        ? { verdict: verdictOf(answer), retryAfter: retryAfterSeconds(answer.retryAfter, clock()) }
        : { verdict: "retry" as const, retryAfter: undefined };
    pace.record(turn, outcome.verdict, { now: monotonic(), retryAfter: outcome.retryAfter });
    return answer;
  }
}
