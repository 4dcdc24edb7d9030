/** Maximum bytes of a body: sixteen times Platform's limit. */
export const maxBodyBytes = 16 * 2 ** 20;

/**
 * Maximum bytes of a body in the Functions host (`FUNCTIONS_REQUEST_BODY_SIZE_LIMIT`; 100 MB by default): it holds the
 * whole body in memory before the relay gets it, for any sender. A little more than the relay accepts, so that a body that is
 * just too large still gets the relay's 413; the host's own answer is 500 (azure-functions-host#10519).
 */
export const hostBodyLimit = maxBodyBytes + 64 * 2 ** 10;

/**
 * Bytes of bodies that an instance accepts at a time, from all senders: a thirty-second of its memory, so 64 MiB with
 * the default 2,048 MB.
 *
 * While the relay works on a body, about eight copies of each byte exist: in the host, in the message between host and
 * worker (one on either side), in the Functions library (the buffer and the `Request` made of it), in the relay, and in
 * its text and the parsed JSON. So at the limit, bodies use a quarter of the memory; the rest is for host, Node.js and
 * uncollected garbage. Three times a hundred calls (`perInstanceConcurrency`) of 200 KB, the size of a large e-mail,
 * fit into the limit.
 *
 * The smallest instance (512 MB) can still accept one body of the maximum size.
 */
export function bodyBudget(instanceMemoryMB: number): number {
  return Math.max(maxBodyBytes, (instanceMemoryMB * 2 ** 20) / 32);
}
