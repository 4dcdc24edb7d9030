export { ReportingWebhooks } from "./client.ts";
