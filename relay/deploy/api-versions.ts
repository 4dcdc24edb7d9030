/** API version for writing Key Vault secrets and reading their versions. */
export const vaultApiVersion = "2024-11-01";

/** API version for creating and reading App Service plans, apps and their parts. */
export const webApiVersion = "2024-04-01";

/** API version for creating and reading storage accounts and their contents. */
export const storageApiVersion = "2024-01-01";
