/** Settings that a Flex Consumption app is not allowed to have (Microsoft Learn, "Flex Consumption plan deprecations"). */
const forbidden =
  /^(FUNCTIONS_WORKER_RUNTIME(_VERSION)?|FUNCTIONS_EXTENSION_VERSION|FUNCTIONS_MAX_HTTP_CONCURRENCY|FUNCTIONS_WORKER_PROCESS_COUNT|FUNCTIONS_WORKER_DYNAMIC_CONCURRENCY_ENABLED|SCM_DO_BUILD_DURING_DEPLOYMENT|ENABLE_ORYX_BUILD|WEBSITE_RUN_FROM_PACKAGE|WEBSITE_CONTENT.*|WEBSITE_NODE_DEFAULT_VERSION|WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT|WEBSITE_SKIP_CONTENTSHARE_VALIDATION|WEBSITE_DNS_SERVER|WEBSITE_VNET_ROUTE_ALL)$/i;

/** The names that a Flex Consumption app may not have. */
export function forbiddenOnFlex(names: readonly string[]): string[] {
  return names.filter((name) => forbidden.test(name) || name.includes(":"));
}
