import type { Provider } from "../../packages/pulumi-provider-kit/src/engine/provider.ts";
import type { PropertyMap } from "../../packages/pulumi-provider-kit/src/engine/values.ts";
import { type Declared, Engine, type Held } from "../engine/engine.ts";
import type { Inputs, Subject } from "../subjects/subject.ts";
import type { Fault, Line, Vendor } from "./line.ts";

/** The stack of every subject. */
export const stack = "dev";

/** A vendor without objects, and how a provider connects to it. */
export interface World {
  readonly answer: Vendor;
  /** Of the provider. */
  readonly package: string;
  /** The provider's settings, given the address that it calls. */
  config(url: string): PropertyMap;
  /** The provider as in a new process, with calls over a line and waits that take no time. */
  provider(line: Line, attemptTimeout?: number): Promise<Provider>;
  /** Everything in it, without ids and times, in a fixed order. */
  objects(): Promise<string[]>;
  /** Advances time until the vendor's rate limit is reset. */
  rest(): Promise<void>;
  /** Deletes the container of resources that are deleted with it. */
  clear?(): Promise<void>;
  close(): Promise<void>;
}

/** A resource in its world: what is created before it, and how it changes. */
export interface Sweep {
  readonly type: string;
  /** What must exist first. */
  readonly needs: readonly Declared[];
  /** Its inputs, known once its world is open. */
  inputs(): Inputs;
  /** Changed inputs, applied in place or by a replacement. */
  change(inputs: Inputs): Inputs;
  /** Whether each change replaces the object. */
  readonly replaces?: boolean;
  /** Whether the vendor never deletes its object. */
  lasts?(object: string): boolean;
}

/** A subject of the registry in its world. */
export function sweepOf({ type, inputs, change, replaces, lasts }: Subject, needs: readonly Declared[]): Sweep {
  return { type, needs, inputs: () => inputs, change, ...(replaces && { replaces }), ...(lasts && { lasts }) };
}

/** One command as in a new process, with calls over the line. */
export async function engineOf(
  world: World,
  line: Line,
  state: readonly Held[],
  attemptTimeout?: number,
): Promise<Engine> {
  const provider = await world.provider(line, attemptTimeout);
  const stop = new AbortController();
  // A killed process does nothing more; its zombie in this process ends as soon as it can.
  void line.killed.then(() => stop.abort());
  return new Engine({ name: stack, state }, () => provider, stop.signal);
}

/** Milliseconds for one try of a call: long for a stand-in on a busy machine, shorter beside a call that hangs. */
const attemptTimeouts = { usual: 1_000, hanging: 400 };

/** A stack whose commands run one after the other, each as in a new process with calls over the line. */
export class TestStack {
  state: readonly Held[] = [];
  readonly #world: World;
  readonly #line: Line;

  constructor(world: World, line: Line) {
    this.#world = world;
    this.#line = line;
  }

  /**
   * Runs a command. What it leaves in the state counts even if it fails.
   *
   * @param fault the one that strikes its calls, if any
   */
  async run<Result>(command: (engine: Engine) => Promise<Result>, fault?: Fault): Promise<Result> {
    const attemptTimeout = attemptTimeouts[fault?.break === "hang" ? "hanging" : "usual"];
    const engine = await engineOf(this.#world, this.#line, this.state, attemptTimeout);
    try {
      return await command(engine);
    } finally {
      this.state = engine.state;
    }
  }

  /** The state of a resource, without replaced versions. */
  current(name: string): Held | undefined {
    return this.state.find((held) => held.name === name && !held.doomed);
  }
}

/** The program that creates, changes or deletes the subject. */
export function programOf(subject: Sweep, operation: "create" | "change" | "delete"): Declared[] {
  const { type, needs } = subject;
  if (operation === "delete") return [...needs];
  const inputs = operation === "create" ? subject.inputs() : subject.change(subject.inputs());
  return [...needs, { name: "subject", type, inputs, dependsOn: needs.map(({ name }) => name) }];
}
