/**
 * The environment variable with which a run of the tests marks every process that it starts, whichever started which, so that it
 * can look for those left behind (test/left-behind.ts). Unset outside the tests.
 */
export const runMark = "CUSTOMERIO_AEP_RUN";
