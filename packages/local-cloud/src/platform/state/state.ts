import { objectOf } from "../web/json.ts";
import { FaultTable } from "./fault-table.ts";
import { Journal } from "./journal.ts";
import type { Flow, Sandbox } from "./model.ts";
import { newSandbox } from "./new-sandbox.ts";
import { type PlatformOptions, type PlatformSwitches, strictSwitches } from "./options.ts";

/** The whole state of a stand-in. */
export class PlatformState {
  readonly options: PlatformOptions;
  /** Changed by `POST /__local/switches`. */
  switches: Readonly<PlatformSwitches>;
  readonly clock: () => number;
  readonly activationMilliseconds: number;
  readonly warmUpMilliseconds: number;
  readonly sandboxes: ReadonlyMap<string, Sandbox>;
  /** Access tokens by their expiry time. */
  readonly tokens = new Map<string, number>();
  /** Number of tokens issued. */
  tokensIssued = 0;
  /** Number of inlet requests with a transaction id. */
  transactions = 0;
  readonly faults = new FaultTable();
  readonly journal = new Journal();
  /** The origin, once it listens. */
  url = "";

  constructor(options: PlatformOptions) {
    this.options = options;
    this.switches = { ...strictSwitches, ...options.switches };
    this.clock = options.clock ?? Date.now;
    const activationSeconds = options.activationSeconds ?? 6;
    this.activationMilliseconds = activationSeconds * 1000;
    this.warmUpMilliseconds = (options.warmUpSeconds ?? activationSeconds) * 1000;
    this.sandboxes = new Map(options.sandboxes.map((name) => [name, newSandbox(name, this.clock())]));
  }

  /** The flow behind an inlet, with its sandbox; if several share the inlet, the one with this id. */
  flowOfInlet(inletId: string, flowId: string | undefined): { flow: Flow; sandbox: Sandbox } | undefined {
    for (const sandbox of this.sandboxes.values()) {
      const flows = [...sandbox.flows.values()].filter(
        (candidate) => candidate.inletId === inletId && candidate.state !== "delete-finalizing",
      );
      const flow = flows.find(({ id }) => id === flowId) ?? flows[0];
      if (flow !== undefined) return { flow, sandbox };
    }
    return undefined;
  }

  /** Whether a call to an inlet needs an access token. */
  needsToken(sandbox: Sandbox, inletId: string): boolean {
    const base = [...sandbox.connections.connections.values()].find((connection) => connection.inletId === inletId);
    return objectOf(objectOf(base?.body.auth).params).authenticationRequired === true;
  }
}
