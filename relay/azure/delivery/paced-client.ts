import { setTimeout as sleep } from "node:timers/promises";
import { retryAfterSeconds } from "pulumi-provider-kit/http";
import type { Pause, PermittedRequest } from "../../core/delivery/breaker.ts";
import { type Verdict, verdictOf } from "../../core/delivery/delivery.ts";
import type { Pace, Turn } from "../../core/delivery/pace.ts";
import { WaitingLine } from "../../core/waiting-line.ts";
import type { Fence, Fenced } from "./fence.ts";
import { noAnswerInTime, type PlatformAnswer } from "./platform-answer.ts";
import type { PlatformClient } from "./platform-client.ts";

/**
 * The longest pause, in milliseconds, for which a message waits in memory. So in an outage of a few seconds nothing is
 * put back, and the full rate returns together with Platform. In a longer outage waiting here would keep instances busy,
 * which Azure bills, and keep other events from being the probe.
 */
const shortPause = 2_000;

/**
 * Milliseconds for which messages wait in memory while Platform accepts nothing. Then they go back, except for the one that is the next
 * probe, so that others get their chance: the first ones may be those that fail.
 */
const rotation = 250;

/** Milliseconds after which an event that waits for room checks whether Platform still answers. */
const look = 20;

/**
 * Attempts after which a refusal is blamed on its event, even if there is no other event to compare with. Three such events must not look
 * like an outage, which the breaker sees in 20 refusals in a row. The attempt before must have been refused too: an earlier outage may
 * have left many events with as many attempts.
 */
const lonelyAttempts = 5;

/** Why a request is given up before its time is over. */
const othersAnswered = new DOMException("no answer, while others were answered", "TimeoutError");

/** The result of a request. */
export interface SentRequest {
  readonly answer: PlatformAnswer;
  readonly verdict: Verdict;
  /** Seconds that Platform asked to wait. */
  readonly retryAfter: number | undefined;
}

/** The turn of an event. */
export interface SendingTurn {
  /**
   * Sends the event. A pause means that it was not sent: Platform went down meanwhile, or newer settings came into
   * force.
   *
   * @param wasRefused whether Platform refused it at its last attempt
   */
  send(body: string, wasRefused: boolean): Promise<SentRequest | Pause>;
}

/** The client with which the forwarder sends. */
export interface Sender {
  /** Why an event with this many failures can't be sent within a reasonable wait. */
  pause(attempts: number): Pause | undefined;
  /** Whether Platform accepts nothing. */
  readonly isAway: boolean;
  /** How many failures of an event say nothing about it, so that they don't make its wait longer. */
  readonly forgivenFailures: number;
  /** Milliseconds until an event with this many failures may probe whether Platform is back. */
  millisecondsToProbe(attempts: number): number;
  /** The rank of a message that was just taken from the queue: its events have their turns before those of later messages. */
  newRank(): number;
  /**
   * Waits for the turn of an event with this many failures. Call it before doing anything that costs money.
   *
   * @param rank that of the event's message
   * @param patience maximum wait in milliseconds
   */
  turn(attempts: number, rank: number, patience: number): Promise<SendingTurn | Pause>;
}

export interface PacedClientPorts {
  readonly client: Pick<PlatformClient, "send">;
  readonly pace: Pace;
  /** Why this instance must not send now, called right before each request. */
  readonly fence: Fence;
  /** How many instances send now; `Infinity` if this one should leave the rate to others. */
  readonly instances: () => Promise<number>;
  /** Milliseconds of a monotonic clock. */
  readonly monotonic: () => number;
  readonly clock: () => Date;
  /** Waits for a time in milliseconds; default: in real time. */
  readonly sleep?: (milliseconds: number) => Promise<unknown>;
}

/** An event whose turn has come. */
interface Called {
  readonly turn: Turn;
  readonly attempts: number;
  readonly rank: number;
}

/** Sends at this instance's share of the total rate, and only probes while Platform accepts nothing. */
export class PacedClient implements Sender {
  readonly #ports: PacedClientPorts;
  /** Only the first in a line asks for a turn: the others could not get one. */
  readonly #lines = { fresh: new WaitingLine(), repeated: new WaitingLine() };
  /** For events whose turn has come, until there is room for a further request. */
  readonly #doorway = new WaitingLine();
  /** Resolved when a request ends. */
  #nextEnd = Promise.withResolvers<void>();
  #messages = 0;

  constructor(ports: PacedClientPorts) {
    this.#ports = ports;
  }

  get isAway(): boolean {
    return this.#ports.pace.isAway;
  }

  get forgivenFailures(): number {
    return this.#ports.pace.forgivenFailures;
  }

  millisecondsToProbe(attempts: number): number {
    return this.#pause(attempts)?.milliseconds ?? 0;
  }

  pause(attempts: number): Pause | undefined {
    const pause = this.#pause(attempts);
    return pause && pause.milliseconds > shortPause ? pause : undefined;
  }

  #pause(attempts: number): Pause | undefined {
    return this.#ports.pace.pause(this.#ports.monotonic(), attempts);
  }

  newRank(): number {
    this.#messages += 1;
    return this.#messages;
  }

  async turn(attempts: number, rank: number, patience: number): Promise<SendingTurn | Pause> {
    const { pace, monotonic } = this.#ports;
    const until = monotonic() + patience;
    const line = this.#lines[attempts > 0 ? "repeated" : "fresh"];
    while (!(await line.enter(rank))) {
      const pause = this.#pause(attempts);
      if (pause) return this.pause(attempts) ?? { ...pause, seconds: 1 };
    }
    if (pace.isAway) line.dismiss();
    try {
      const turn = await this.#firstInLine(line, attempts, until);
      if ("seconds" in turn) return turn;
      // The others have missed this probe. They make room for messages whose events have better chances with the next one.
      if (turn.permit.isProbe) line.dismiss();
      return { send: (body, wasRefused) => this.#send(body, { turn, attempts, rank, wasRefused }) };
    } finally {
      line.leave((waiting) => pace.choose(waiting, monotonic()));
    }
  }

  async #firstInLine(line: WaitingLine, attempts: number, until: number): Promise<Turn | Pause> {
    const { pace, instances, monotonic, sleep: wait = sleep } = this.#ports;
    for (;;) {
      const turn = pace.turn(monotonic(), await instances(), attempts);
      if ("seconds" in turn) {
        if (this.pause(attempts) || monotonic() + turn.milliseconds > until) return turn;
        await wait(pace.isAway ? Math.min(turn.milliseconds, rotation) : turn.milliseconds);
        // Any of those that wait may be the next probe, not just the first; the rest make room.
        const { waiting } = line;
        if (pace.isAway && pace.choose(waiting + 1, monotonic()) < waiting) return { ...turn, seconds: 1 };
        continue;
      }
      if (turn.wait > 0) await wait(turn.wait);
      if (pace.isValid(turn)) return turn;
    }
  }

  async #send(body: string, called: Called & { wasRefused: boolean }): Promise<SentRequest | Pause> {
    const { client, pace, monotonic, clock } = this.#ports;
    const { attempts, wasRefused } = called;
    const given = new AbortController();
    const request = await this.#begin(called, given);
    if ("seconds" in request) return request;
    const answer = await client.send(body, given.signal);
    if ("why" in answer) {
      pace.forget(request);
      this.#noteEnd();
      return pauseOf(answer);
    }
    const said = "status" in answer ? verdictOf(answer) : "retry";
    const isOwnFault = pace.othersPass || (!pace.isAway && wasRefused && attempts + 1 >= lonelyAttempts);
    const retryAfter = "status" in answer ? retryAfterSeconds(answer.retryAfter, clock()) : undefined;
    pace.record(request, said, {
      now: monotonic(),
      isAnswer: "status" in answer,
      retryAfter,
      isOverload:
        "status" in answer
          ? answer.status === 429 || retryAfter !== undefined
          : answer.failure === noAnswerInTime && !given.signal.aborted,
    });
    this.#noteEnd();
    if (said !== "dead" || isOwnFault) return { answer, verdict: said, retryAfter };
    return { answer, verdict: pace.isAway ? "hold" : "retry", retryAfter };
  }

  #noteEnd(): void {
    this.#nextEnd.resolve();
    this.#nextEnd = Promise.withResolvers();
  }

  /** Waits for room for a further request, and begins it. Nobody overtakes: otherwise an event could wait for very long. */
  async #begin({ turn, attempts, rank }: Called, given: AbortController): Promise<PermittedRequest | Pause> {
    const { pace, fence, monotonic, sleep: wait = sleep } = this.#ports;
    await this.#doorway.enter(rank);
    try {
      for (;;) {
        // Checked before the request begins, so that it counts neither as an attempt nor as a failure of Platform.
        const fenced = await fence();
        if (fenced) return pauseOf(fenced);
        // Platform may have gone down meanwhile; then this request would be useless.
        const pause = pace.isValid(turn) ? undefined : this.#pause(attempts);
        if (pause) return pause;
        const request = pace.begin(turn, monotonic(), () => given.abort(othersAnswered));
        if (request) return request;
        await Promise.race([wait(look), this.#nextEnd.promise]);
      }
    } finally {
      this.#doorway.leave((waiting) => pace.choose(waiting, monotonic()));
    }
  }
}

function pauseOf(fenced: Fenced): Pause {
  return { milliseconds: fenced.seconds * 1000, ...fenced };
}
