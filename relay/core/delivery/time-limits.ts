/** Milliseconds from a call's arrival at the intake to its answer, whatever the storage does. */
export const longestCall = 3_000;

/** Milliseconds for one request to Platform with its answer; usually it takes well under a second. */
export const longestRequest = 8_000;

/** Milliseconds for which the health check caches an answer. */
export const healthAnswerLasts = 5_000;
