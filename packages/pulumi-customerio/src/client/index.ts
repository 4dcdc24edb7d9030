export { isSameUrl, ReportingWebhooks } from "./client.ts";
