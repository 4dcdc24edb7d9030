// The versions of Azure Resource Manager's APIs, by what is created, read or asked with each.

/** Resource groups, resource providers, and lists of resources. */
export const resourcesApiVersion = "2021-04-01";

/** Key vaults and their secrets. */
export const vaultApiVersion = "2024-11-01";

/** App Service plans, apps and their parts. */
export const webApiVersion = "2024-04-01";

/** The regions of Flex Consumption. */
export const regionsApiVersion = "2023-01-01";

/** The language versions of Flex Consumption. */
export const stacksApiVersion = "2020-10-01";

/** Storage accounts and their contents. */
export const storageApiVersion = "2024-01-01";

/** Role assignments, and what a login may do. */
export const roleApiVersion = "2022-04-01";

/** Management locks. */
export const lockApiVersion = "2020-05-01";

/** Managed identities. */
export const identityApiVersion = "2023-01-31";

/** Budgets. */
export const budgetApiVersion = "2024-08-01";

/** Virtual networks and private endpoints. */
export const networkApiVersion = "2024-05-01";

/** Private DNS zones. */
export const zoneApiVersion = "2024-06-01";

/** Log Analytics workspaces and their tables. */
export const workspaceApiVersion = "2023-09-01";

/** Application Insights components. */
export const componentApiVersion = "2020-02-02";

/** Workbooks. */
export const workbookApiVersion = "2023-06-01";

/** Action groups. */
export const actionGroupApiVersion = "2023-01-01";

/** Alerts on logs. */
export const logAlertApiVersion = "2023-12-01";

/** Diagnostic settings. */
export const diagnosticApiVersion = "2021-05-01-preview";

/** Subscriptions to events. */
export const eventGridApiVersion = "2025-02-15";

/** What Azure Policy would refuse. */
export const policyApiVersion = "2024-10-01";

/** The subscriptions of a login. */
export const subscriptionsApiVersion = "2022-12-01";

/** Queries of a workspace's logs. */
export const logQueryApiVersion = "2017-01-01-preview";
