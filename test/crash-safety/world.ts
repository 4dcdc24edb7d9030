import type { PropertyMap } from "../../providers/kit/values.ts";
import type { Engine, Held } from "./engine.ts";
import type { Line } from "./line.ts";

/** A vendor with nothing in it yet, and how a provider gets at it. */
export interface World {
  readonly url: string;
  /** Of the provider. */
  readonly package: string;
  /** The provider's settings, given the address that it shall call. */
  config(url: string): PropertyMap;
  /** A new provider process's work, in this process, whose calls go over a line. */
  engine(line: Line, attemptTimeout?: number): Promise<Engine>;
  /** Everything in it, without ids and times, in a fixed order. */
  objects(): Promise<string[]>;
  /** Lets as much time pass as the vendor's limit of calls a second needs to be forgotten. */
  rest(): Promise<void>;
  /** Takes away what resources live in that go with it, and need no deletion of their own. */
  clear?(): Promise<void>;
  close(): Promise<void>;
}

/** A resource whose life is swept. */
export interface Subject {
  readonly type: string;
  /** Makes what must be there first, and answers it. */
  needs(engine: Engine): Promise<Held[]>;
  /** Its inputs, given the ids of what it needs. */
  inputs(ids: string[]): PropertyMap;
  /** Changed inputs, which are carried out in place or by a replacement. */
  change(inputs: PropertyMap): PropertyMap;
}
