import type { CloudEnvironment } from "../../packages/local-cloud/src/cloud.ts";

/** What Azure Resource Manager answered. */
export interface ManagementAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Calls the local cloud's Azure Resource Manager with the operator's login, as someone in the portal or a platform team does. */
export async function callManagement(
  environment: CloudEnvironment,
  method: "GET" | "PUT" | "PATCH",
  id: string,
  body?: object,
): Promise<ManagementAnswer> {
  const token = await fetch(
    `${environment.IDENTITY_ENDPOINT}?api-version=2019-08-01&resource=https%3A%2F%2Fmanagement.azure.com%2F`,
    { headers: { "X-IDENTITY-HEADER": String(environment.IDENTITY_HEADER) } },
  );
  const { access_token } = (await token.json()) as { access_token: string };
  const answer = await fetch(`${environment.AZURE_RESOURCE_MANAGER_URL}${id}?api-version=2024-03-01`, {
    method,
    headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: await answer.json() };
}
