/** A system under test that runs. */
export interface System {
  /** When its process was started (`performance.now()`): after the build, which is not part of a cold start. */
  readonly startedAt: number;
  readonly pid: number;
  /** The process of its own store, if it does not use the emulator. */
  readonly storePid?: number;
  readonly port: number;
  /** Path of its webhook. */
  readonly path: string;
  /** Lets it deliver. Plain Node and Benthos do so from their start. */
  listen(): void;
  /** Shuts it down cleanly. */
  stop(): Promise<void>;
}

export interface Surroundings {
  readonly connectionString: string;
  readonly sinkUrl: string;
  /** An existing folder, which is removed afterwards. */
  readonly folder: string;
}
