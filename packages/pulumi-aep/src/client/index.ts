export { batchCounts, batchCountsAnswer } from "../resources/catalog/batch-counts.ts";
export { type BatchOutcome, batchOutcome } from "../resources/catalog/batch-outcome.ts";
export { catalogTags } from "../resources/catalog/dataset-tags.ts";
export { type MetricQuery, sumMetric } from "../resources/catalog/metrics.ts";
export { daysOfPeriod } from "../resources/catalog/row-expiration.ts";
export * from "./choices.ts";
export { AepClient } from "./client.ts";
export * from "./mapping-preview.ts";
export { pathOf, paths } from "./paths.ts";
