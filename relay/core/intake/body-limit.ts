/**
 * Maximum bytes of a body: eight times Platform's limit, and forty times a large e-mail of 200 KB. A higher limit costs concurrent calls:
 * see `memoryBudget`.
 */
export const maxBodyBytes = 8 * 2 ** 20;

/**
 * Maximum bytes of a body in the Functions host (`FUNCTIONS_REQUEST_BODY_SIZE_LIMIT`; 100 MB by default): it holds the
 * whole body in memory before the relay gets it, for any sender. A little more than the relay accepts, so that a body that is
 * just too large still gets the relay's 413; the host's own answer is 500 (azure-functions-host#10519).
 */
export const hostBodyLimit = maxBodyBytes + 64 * 2 ** 10;
