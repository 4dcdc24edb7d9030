import type { HttpResponseInit } from "@azure/functions";
import type { Outcome } from "../../core/delivery/outcomes.ts";
import { maxBodyBytes } from "../../core/intake/body-limit.ts";
import type { UnreadBody } from "./request-body.ts";

const refusalLines = {
  refused: (reason: string): Outcome => ({ outcome: "refused", refused: 1, reason }),
  unavailable: (reason: string): Outcome => ({ outcome: "unavailable", unavailable: 1, reason }),
  closed: (reason: string): Outcome => ({ outcome: "closed", closed: 1, reason }),
};

/** The result of a call without an event: its log line and its answer. */
export interface IntakeRefusal {
  readonly outcome: Outcome;
  readonly response: HttpResponseInit;
}

export const missingSigningKey = refusal(
  "unavailable",
  "CUSTOMERIO_SIGNING_KEYS holds no signing key",
  answer(503, "no signing key is configured"),
);

export function unusableSettings(problem: string): IntakeRefusal {
  return refusal("unavailable", problem, answer(503, "the relay's settings can't be used"));
}

export const unreadBody: Readonly<Record<UnreadBody, IntakeRefusal>> = {
  tooLarge: refusal(
    "refused",
    `the body has more than ${maxBodyBytes} bytes`,
    answer(413, `the body has more than ${maxBodyBytes} bytes`),
  ),
  noRoom: refusal("unavailable", "the calls under way hold as many bytes as this instance can", {
    ...answer(503, "too many bytes are being received"),
    headers: { "retry-after": "1" },
  }),
};

/** @param problem why the signature is invalid; unknown callers must not see it */
export function badSignature(problem: string): IntakeRefusal {
  return refusal("refused", problem, answer(401, "the signature is missing or wrong"));
}

/** @param reason why the intake is closed */
export function closedIntake(reason: string): IntakeRefusal {
  return refusal("closed", reason, answer(503, `no events are accepted: ${reason}`));
}

/** @param reason the storage's error */
export function notStored(reason: string): IntakeRefusal {
  return refusal("unavailable", reason, answer(503, "the event could not be stored"));
}

function refusal(kind: keyof typeof refusalLines, reason: string, response: HttpResponseInit): IntakeRefusal {
  return { outcome: refusalLines[kind](reason), response };
}

function answer(status: number, error: string): HttpResponseInit {
  return { status, jsonBody: { error } };
}
