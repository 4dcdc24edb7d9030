import { objectOf } from "../web/json.ts";
import { FaultTable } from "./fault-table.ts";
import { Journal } from "./journal.ts";
import type { Flow, Sandbox } from "./model.ts";
import { newSandbox } from "./new-sandbox.ts";
import { type PlatformOptions, type PlatformSwitches, strictSwitches } from "./options.ts";

/** Everything that one stand-in remembers. */
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
  /** How often a token was asked for and given. */
  tokensIssued = 0;
  /** How many requests the inlets have numbered. */
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

  /** The flow behind an inlet, with its sandbox; where several share it, the one of this id if there is one. */
  flowOfInlet(inletId: string, flowId: string | undefined): { flow: Flow; sandbox: Sandbox } | undefined {
    for (const sandbox of this.sandboxes.values()) {
      const flows = [...sandbox.flows.values()].filter((candidate) => candidate.inletId === inletId);
      const flow = flows.find(({ id }) => id === flowId) ?? flows[0];
      if (flow !== undefined) return { flow, sandbox };
    }
    return undefined;
  }

  /** Whether a call to an inlet must show an access token. */
  needsToken(sandbox: Sandbox, inletId: string): boolean {
    const base = [...sandbox.connections.connections.values()].find((connection) => connection.inletId === inletId);
    return objectOf(objectOf(base?.body.auth).params).authenticationRequired === true;
  }
}
