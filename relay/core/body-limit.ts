/** Bytes of a body that the relay takes: sixteen times what Platform does, and small enough for a hundred calls at a time. */
export const maxBodyBytes = 16 * 2 ** 20;

/**
 * Bytes of a body that the Functions host hands over at all (`FUNCTIONS_REQUEST_BODY_SIZE_LIMIT`; 100 MB where nothing is set): it holds the
 * whole body in memory before the relay sees any of it, whoever sends it. A little more than the relay takes, so that a body that is
 * just too large still gets the relay's 413; the host's own answer is 500 (azure-functions-host#10519).
 */
export const hostBodyLimit = maxBodyBytes + 64 * 2 ** 10;
