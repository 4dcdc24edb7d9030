/** Maximum bytes of a body: sixteen times Platform's limit. */
export const maxBodyBytes = 16 * 2 ** 20;

/**
 * Maximum bytes of a body in the Functions host (`FUNCTIONS_REQUEST_BODY_SIZE_LIMIT`; 100 MB by default): it holds the
 * whole body in memory before the relay gets it, for any sender. A little more than the relay accepts, so that a body that is
 * just too large still gets the relay's 413; the host's own answer is 500 (azure-functions-host#10519).
 */
export const hostBodyLimit = maxBodyBytes + 64 * 2 ** 10;

/**
 * Bytes of bodies that an instance takes at a time, from all senders: a thirty-second of its memory, so 64 MiB of the default 2,048 MB.
 *
 * Each byte is there some eight times while the relay works on it: in the host, in the message between host and worker (once on either
 * side), in the Functions library (the buffer and the `Request` made of it), in the relay, and in its text and what JSON makes of that. So
 * at the limit bodies take a quarter of the memory; host, Node.js and what they leave to be collected have the rest. A hundred calls
 * (`perInstanceConcurrency`) of 200 KB, a large e-mail each, fit three times over.
 *
 * The smallest instance (512 MB) still takes the largest body, alone.
 */
export function bodyBudget(instanceMemoryMB: number): number {
  return Math.max(maxBodyBytes, (instanceMemoryMB * 2 ** 20) / 32);
}
