import { type IntakePorts, intakeBudget, intakeHandler } from "../../../relay/azure/intake/intake.ts";
import { RelayStorageClient } from "../../../relay/azure/storage/storage.ts";
import { type Azurite, startAzurite } from "./azurite.ts";
import { invocation, linesAtOnce, signingKey, takeAll } from "./invocation.ts";
import { openGate } from "./open-ports.ts";

/** The time at which every call arrives. */
export const intakeTime = new Date("2026-11-20T10:00:00.000Z");

/** An event as Customer.io sends it. */
export const eventText = (id: string, more: object = {}) =>
  JSON.stringify({ event_id: id, timestamp: 1_727_953_200, ...more });

/** Long enough for a busy machine. */
export const patientBudget = { call: 20_000, write: 20_000, patience: 20_000 };

type Handler = ReturnType<typeof intakeHandler>;
type Logged = ReturnType<typeof invocation>["lines"];

/** An intake with a real storage, which each test of a file finds empty. */
export interface IntakeBed {
  readonly azurite: Azurite;
  readonly storage: RelayStorageClient;
  /** An intake that answers a call and returns its log lines. */
  intake(
    ports?: Partial<IntakePorts>,
  ): (
    request: Parameters<Handler>[0],
  ) => Promise<{ status: number; jsonBody?: unknown; headers?: unknown; lines: Logged }>;
}

/** Gives each test of a file an intake and its storage. */
export function useIntake(): IntakeBed {
  let azurite: Azurite;
  let storage: RelayStorageClient;
  beforeAll(async () => {
    azurite = await startAzurite();
    storage = new RelayStorageClient({ connectionString: azurite.connectionString });
  });
  beforeEach(() => azurite.reset());
  afterAll(() => azurite.stop());
  return {
    get azurite() {
      return azurite;
    },
    get storage() {
      return storage;
    },
    intake(ports = {}) {
      const handler = intakeHandler({
        gate: openGate,
        signingKeys: [signingKey],
        settings: takeAll,
        storage,
        clock: () => intakeTime,
        budget: intakeBudget,
        refusals: linesAtOnce(),
        ...ports,
      });
      return async (request) => {
        const { context, lines } = invocation();
        const response = (await handler(request, context)) as { status: number; jsonBody?: unknown; headers?: unknown };
        return { ...response, lines };
      };
    },
  };
}
