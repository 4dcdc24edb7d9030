import type { FlowSource } from "./platform-flow.ts";
import type { World } from "./world.ts";

/** Events of each scenario, and the milliseconds over which they come. */
export interface Load {
  readonly count: number;
  readonly duration: number;
}

export interface Scenario {
  readonly name: string;
  readonly instances?: number;
  /** Where the relay posts events to; default: `customerio`. */
  readonly source?: FlowSource;
  /** App settings of the relay. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Everything that happens until nothing is wrong any more. It sends `load.count` events. */
  readonly act: (world: World, load: Load) => Promise<void>;
  /** Whether an event may come to Platform twice; always under the same id. Default: true. */
  readonly mayRepeat?: boolean;
  /** Whether events may be given up, and so become dead letters. Default: false. */
  readonly mayExpire?: boolean;
  /** Whether calls come whose signature does not fit. Default: false. */
  readonly hasForgeries?: boolean;
}
