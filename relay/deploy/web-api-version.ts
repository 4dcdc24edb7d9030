/** Version of the API of Azure App Service by which plans, apps and their parts are made and read. */
export const webApiVersion = "2024-04-01";
