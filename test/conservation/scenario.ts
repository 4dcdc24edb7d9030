import type { FlowSource } from "./platform-flow.ts";
import type { World } from "./world.ts";

/** Number of events, and the milliseconds over which they are sent. */
export interface Load {
  readonly count: number;
  readonly duration: number;
}

export interface Scenario {
  readonly name: string;
  readonly instances?: number;
  /** The dataflow's source; default: `customerio`. */
  readonly source?: FlowSource;
  /** App settings of the relay. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Runs the scenario until there are no more faults. Sends `load.count` events. */
  readonly act: (world: World, load: Load) => Promise<void>;
  /** Whether an event may reach Platform twice, always with the same id. Default: true. */
  readonly mayRepeat?: boolean;
  /** Whether events may be given up, and so become dead letters. Default: false. */
  readonly mayExpire?: boolean;
  /** Whether there are calls with an invalid signature. Default: false. */
  readonly hasForgeries?: boolean;
}
