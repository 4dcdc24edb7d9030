/** Version of the API of Azure Key Vault by which secrets are written and their versions are read. */
export const vaultApiVersion = "2024-11-01";
