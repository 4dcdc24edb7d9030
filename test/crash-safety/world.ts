import type { Provider } from "../../packages/pulumi-provider-kit/src/engine/provider.ts";
import type { PropertyMap } from "../../packages/pulumi-provider-kit/src/engine/values.ts";
import { type Declared, Engine, type Held } from "../engine/engine.ts";
import type { Inputs, Subject } from "../subjects/subject.ts";
import type { Line, Vendor } from "./line.ts";

/** The name of the stack in which every subject lives. */
export const stack = "dev";

/** A vendor with nothing in it yet, and how a provider gets at it. */
export interface World {
  readonly answer: Vendor;
  /** Of the provider. */
  readonly package: string;
  /** The provider's settings, given the address that it shall call. */
  config(url: string): PropertyMap;
  /** The provider as a new process has it, whose calls go over a line and whose waits take no time. */
  provider(line: Line, attemptTimeout?: number): Promise<Provider>;
  /** Everything in it, without ids and times, in a fixed order. */
  objects(): Promise<string[]>;
  /** Lets as much time pass as the vendor's limit of calls a second needs to be forgotten. */
  rest(): Promise<void>;
  /** Takes away what resources live in that go with it, and need no deletion of their own. */
  clear?(): Promise<void>;
  close(): Promise<void>;
}

/** The life of a resource in its world: what is made before it, and what it becomes. */
export interface Sweep {
  readonly type: string;
  /** What must be there first. */
  readonly needs: readonly Declared[];
  /** Its inputs, known once its world is open. */
  inputs(): Inputs;
  /** Changed inputs, which are carried out in place or by a replacement. */
  change(inputs: Inputs): Inputs;
  /** Whether each change makes another object. */
  readonly replaces?: boolean;
  /** Of what it makes: whether the vendor never deletes the object. */
  lasts?(object: string): boolean;
}

/** The life of a subject of the registry. */
export function sweepOf({ type, inputs, change, replaces, lasts }: Subject, needs: readonly Declared[]): Sweep {
  return { type, needs, inputs: () => inputs, change, ...(replaces && { replaces }), ...(lasts && { lasts }) };
}

/** One command in a process of its own, in this process, whose calls go over the line. */
export async function engineOf(
  world: World,
  line: Line,
  state: readonly Held[],
  attemptTimeout?: number,
): Promise<Engine> {
  const provider = await world.provider(line, attemptTimeout);
  const stop = new AbortController();
  // A killed process does nothing any more; its zombie in this process ends as soon as it can.
  void line.killed.then(() => stop.abort());
  return new Engine({ name: stack, state }, () => provider, stop.signal);
}

/** The program after which the subject has been created, changed or deleted. */
export function programOf(subject: Sweep, operation: "create" | "change" | "delete"): Declared[] {
  const { type, needs } = subject;
  if (operation === "delete") return [...needs];
  const inputs = operation === "create" ? subject.inputs() : subject.change(subject.inputs());
  return [...needs, { name: "subject", type, inputs, dependsOn: needs.map(({ name }) => name) }];
}
