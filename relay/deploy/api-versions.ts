/** Version of the API of Azure Key Vault by which secrets are written and their versions are read. */
export const vaultApiVersion = "2024-11-01";

/** Version of the API of Azure App Service by which plans, apps and their parts are made and read. */
export const webApiVersion = "2024-04-01";

/** Version of the API of Azure Storage by which accounts and what is in them are made and read. */
export const storageApiVersion = "2024-01-01";
