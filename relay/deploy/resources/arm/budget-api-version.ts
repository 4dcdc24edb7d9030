/** API version of Azure's cost management, for creating and reading budgets. */
export const budgetApiVersion = "2024-08-01";
