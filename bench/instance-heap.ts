/**
 * The limits that Node chooses for V8's heap in a container with the memory of an instance, in MB. On a larger machine V8 lets more garbage
 * pile up. Measured with Node 24 in control groups (`memory.limit_in_bytes`), by `v8.getHeapStatistics().heap_size_limit`.
 */
const limits = {
  512: "--max-old-space-size=256 --max-semi-space-size=1",
  2048: "--max-old-space-size=1024 --max-semi-space-size=32",
  4096: "--max-old-space-size=2048 --max-semi-space-size=64",
} as const;

export type InstanceMemory = keyof typeof limits;

/** Variables for a process with the heap of an instance. */
export function instanceHeap(memory: InstanceMemory = 2048): { NODE_OPTIONS: string } {
  return { NODE_OPTIONS: limits[memory] };
}
