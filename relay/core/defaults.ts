/** What the relay does where nothing is set, as the program's settings have it too. */
export const defaults = {
  /** Days for which Customer.io repeats a call (its reporting webhook docs). */
  duplicateWindowDays: 7,
  /** Adobe's ingestion guardrails name 1,000 requests a second for an organisation, which may have other sources. */
  requestsPerSecond: 800,
  /** Azure's default for Flex Consumption. */
  instanceMemoryMB: 2048,
} as const;
