import { z } from "zod";

export const priceSchema = z.strictObject({
  amount: z.number().min(0).describe("US dollars for `per` units"),
  per: z.number().positive().default(1),
  free: z.number().min(0).default(0).describe("units a month that cost nothing"),
  region: z.string(),
  date: z.string().describe("when the price was seen"),
  source: z.string(),
});
export type Price = z.output<typeof priceSchema>;

const blog = { region: "East US", date: "2025-05-22", source: "Modal's comparison of serverless prices" };
const infracost = (test: string, region: string) => ({
  region,
  date: "2026-08",
  source: `Infracost's recorded prices, ${test}`,
});
const queues = infracost("storage_queue_test", "West US");
const westEurope = (test: string) => infracost(test, "West Europe");

/**
 * List prices from public sources, with region and date. Prices without a source are missing: pass them with `--prices`.
 * Free amounts are per subscription, and other systems may use them.
 */
export const knownPrices: Readonly<Record<string, Price>> = {
  executions: { amount: 0.4, per: 1_000_000, free: 250_000, ...blog },
  "memory on demand": { amount: 0.000026, per: 1, free: 100_000, ...blog },
  "memory always ready, idle": { amount: 0.000004, per: 1, free: 0, ...blog },
  "memory always ready, active": { amount: 0.000016, per: 1, free: 0, ...blog },
  "queue operations LRS": { amount: 0.004, per: 10_000, free: 0, ...queues },
  "queue operations ZRS": { amount: 0.004, per: 10_000, free: 0, ...queues },
  "queue operations GRS": { amount: 0.008, per: 10_000, free: 0, ...queues },
  "queue operations RAGRS": { amount: 0.008, per: 10_000, free: 0, ...queues },
  "table operations": { amount: 0.00036, per: 10_000, free: 0, ...queues },
  "queue capacity LRS": { amount: 0.045, per: 1, free: 0, ...queues },
  "queue capacity ZRS": { amount: 0.05625, per: 1, free: 0, ...queues },
  "queue capacity GRS": { amount: 0.0598, per: 1, free: 0, ...queues },
  "queue capacity RAGRS": { amount: 0.0748, per: 1, free: 0, ...queues },
  "queue capacity GZRS": { amount: 0.101, per: 1, free: 0, ...queues },
  "queue capacity RAGZRS": { amount: 0.127, per: 1, free: 0, ...queues },
  "log ingestion": { amount: 2.99, per: 1, free: 5, ...westEurope("log_analytics_workspace_test") },
  "log retention": { amount: 0.13, per: 1, free: 0, ...westEurope("log_analytics_workspace_test") },
  "log alerts every 5 minutes": {
    amount: 1.5,
    per: 1,
    free: 0,
    ...westEurope("monitor_scheduled_query_rules_alert_v2_test"),
  },
  "log alerts every hour": {
    amount: 0.5,
    per: 1,
    free: 0,
    ...westEurope("monitor_scheduled_query_rules_alert_v2_test"),
  },
  "metric alerts": { amount: 0.1, per: 1, free: 0, ...westEurope("monitor_metric_alert_test") },
  "availability tests": {
    amount: 5.65,
    per: 8_760,
    free: 0,
    ...westEurope("application_insights_standard_web_t_test"),
  },
  "private endpoints": { amount: 0.01, per: 1, free: 0, ...infracost("private_endpoint_test", "West US") },
  "private endpoint data": { amount: 0.01, per: 1, free: 0, ...infracost("private_endpoint_test", "West US") },
  "private DNS zones": { amount: 0.5, per: 1, free: 0, ...infracost("private_dns_zone_test", "West US") },
  "vault operations": {
    amount: 0.03,
    per: 10_000,
    free: 0,
    region: "not said",
    date: "2024",
    source: "commonly quoted; no dated source was found",
  },
};
