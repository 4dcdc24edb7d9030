import { hostBodyLimit } from "./body-limit.ts";

const MiB = 2 ** 20;

/** Host, Node.js and the loaded relay without any call, uncollected garbage included: half of the smallest instance. */
const base = 256 * MiB;

/**
 * Copies of each byte of a body that exist before the relay has it: in the host, in the message between host and worker (one on either
 * side), and in the Functions library (the buffer and the `Request` made of it).
 */
const copiesOutside = 5;

/** Copies of each byte in the relay: the body, its text, and the parsed JSON. */
const copiesInside = 3;

/** How an instance divides its memory. */
export interface MemoryBudget {
  /**
   * HTTP calls at a time, whatever they send (`perInstanceConcurrency`): the host holds the whole body of each, up to `hostBodyLimit`. Azure
   * starts another instance for more.
   */
  readonly calls: number;
  /**
   * Bytes of bodies that the relay accepts at a time. Beyond them it answers 503 before it copies anything. On an instance of a queue
   * function, bytes of bodies that it holds at a time. The two are not added up: on Flex Consumption, the functions with an HTTP trigger
   * share instances, but each queue function has instances of its own ("per-function scaling", Azure's docs on the plan), which have no
   * calls.
   */
  readonly acceptedBytes: number;
  /** The most bytes that each part uses. */
  readonly uses: { readonly base: number; readonly arriving: number; readonly accepted: number };
}

/** @param instanceMemoryMB the setting `instanceMemory` */
export function memoryBudget(instanceMemoryMB: number): MemoryBudget {
  const memory = instanceMemoryMB * MiB;
  const acceptedBytes = memory / 32;
  const accepted = copiesInside * acceptedBytes;
  const oneCall = copiesOutside * hostBodyLimit;
  const calls = Math.floor((memory - base - accepted) / oneCall);
  return { calls, acceptedBytes, uses: { base, arriving: calls * oneCall, accepted } };
}
