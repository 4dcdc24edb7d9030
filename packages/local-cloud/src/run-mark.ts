/**
 * The environment variable that marks every process that a test run starts, directly or indirectly, so that the run
 * can find those left behind (test/left-behind.ts). Unset outside the tests.
 */
export const runMark = "CUSTOMERIO_AEP_RUN";
