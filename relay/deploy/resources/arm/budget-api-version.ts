/** Version of the API of Azure's cost management by which budgets are made and read. */
export const budgetApiVersion = "2024-08-01";
