/** Thresholds that the relay's alerts and the command `status` share. */
export const unusual = {
  /** Seconds. An event that waits longer is delayed by more than a burst. */
  waitSeconds: 3600,
  /** Hours in which calls are refused and none is accepted. */
  refusedHours: 1,
  /** Hours without a call from Customer.io, unless the setting `silenceAlertHours` says otherwise. */
  silenceHours: 24,
} as const;
