/** What the relay's alerts and the command `status` both take for unusual. */
export const unusual = {
  /** Seconds: an event that waits longer is no longer waiting for a burst to pass. */
  waitSeconds: 3600,
  /** Hours in which calls are refused and none is taken. */
  refusedHours: 1,
  /** Hours without a call from Customer.io, unless the setting `silenceAlertHours` says otherwise. */
  silenceHours: 24,
} as const;
