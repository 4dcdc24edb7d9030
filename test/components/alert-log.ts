import { queryOf } from "../../components/relay/monitoring/log-alert.ts";
import { relayAlerts } from "../../components/relay/monitoring/relay-alerts.ts";
import { keepDuplicates } from "../../relay/azure/delivery/duplicates.ts";
import { forwarderHandler } from "../../relay/azure/delivery/forwarder.ts";
import type { Sender } from "../../relay/azure/delivery/paced-client.ts";
import { intakeBudget, intakeHandler } from "../../relay/azure/intake/intake.ts";
import { SummedLines } from "../../relay/azure/summed-lines.ts";
import { newEvent } from "../../relay/core/event/envelope.ts";
import { type call, invocation, takeAll } from "../relay/support/invocation.ts";
import { openForwarder, openGate } from "../relay/support/open-ports.ts";
import { withoutPace } from "../relay/support/unpaced.ts";
import { type LogRecord, runQuery } from "./kql.ts";

export const hour = 60 * 60 * 1000;
export const now = new Date("2026-11-20T10:00:00.000Z");
export const alerts = relayAlerts({ expectsEvents: true, silenceHours: 24 });
export const componentId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/components/relay";
const severities: Record<string, number> = { information: 1, warning: 2, error: 3 };
const windows: Record<string, number> = {
  PT5M: hour / 12,
  PT15M: hour / 4,
  PT30M: hour / 2,
  PT1H: hour,
  PT2H: 2 * hour,
  P2D: 48 * hour,
};

/**
 * The relay's log as Application Insights keeps it, with lines that the real functions write: in sums, as by default. Sums are
 * written when the alerts are asked for, as an information whatever its level is, since it belongs to no invocation.
 */
export class AlertLog {
  readonly #sums = new SummedLines({ schedule: () => undefined, write: (text) => this.write(text) });
  readonly traces: LogRecord[] = [];
  readonly exceptions: LogRecord[] = [];
  readonly operations: LogRecord[] = [];
  /** The time of the next lines. */
  at = new Date(now.getTime() - 60_000);
  readonly storage = {
    enqueue: async () => undefined,
    putClaim: async () => undefined,
    readClaim: async () => undefined,
    deleteClaim: async () => undefined,
    putDeadLetter: async () => true,
    addDeadLetter: async () => true,
  };

  write(Message: string, SeverityLevel = 1): void {
    // Azure spells ids in any case.
    const _ResourceId = componentId.toUpperCase();
    this.traces.push({ TimeGenerated: this.at, Message, SeverityLevel, _ResourceId });
  }

  async run(act: (context: ReturnType<typeof invocation>["context"]) => unknown): Promise<void> {
    const { context, lines } = invocation();
    await act(context);
    for (const { level, text } of lines) this.write(text, severities[level]);
  }

  /** Keeps only the sums that have no line yet. */
  forgetFirstLines(): void {
    this.traces.length = 0;
  }

  except(minutesAgo: number, ExceptionType: string): void {
    const TimeGenerated = new Date(now.getTime() - minutesAgo * 60_000);
    this.exceptions.push({ TimeGenerated, ExceptionType, _ResourceId: componentId });
  }

  post(request: ReturnType<typeof call>, ports: Partial<Parameters<typeof intakeHandler>[0]> = {}): Promise<void> {
    const handler = intakeHandler({
      gate: openGate,
      signingKeys: ["cio-test-signing-key"],
      settings: takeAll,
      storage: this.storage,
      budget: intakeBudget,
      clock: () => now,
      refusals: this.#sums,
      log: this.#sums,
      ...ports,
    });
    return this.run((context) => handler(request, context));
  }

  forward(
    send: (body: string) => Promise<unknown>,
    receivedAt = now.toISOString(),
    client: Sender = withoutPace({ send: send as never }),
  ): Promise<void> {
    const handler = forwarderHandler({
      ...openForwarder,
      target: { client, readyAt: undefined },
      storage: this.storage,
      duplicates: keepDuplicates,
      clock: () => now,
      random: () => 0.5,
      log: this.#sums,
    });
    const body = JSON.stringify({ event_id: "a", timestamp: 1 });
    return this.run((context) => handler({ version: 1, events: [newEvent({ id: "a", receivedAt, body })] }, context));
  }

  /** The alerts that are raised now. */
  evaluateAlerts(): string[] {
    this.#sums.flush();
    return Object.entries(alerts)
      .filter(([, alert]) => {
        const from = now.getTime() - (windows[alert.window] ?? Number.NaN);
        const within = (records: LogRecord[]) => records.filter((record) => record.TimeGenerated.getTime() >= from);
        const tables = {
          AppTraces: within(this.traces),
          AppExceptions: within(this.exceptions),
          _LogOperation: within(this.operations),
        };
        return runQuery(queryOf(alert, componentId), tables, now).length > 0;
      })
      .map(([name]) => name);
  }
}
