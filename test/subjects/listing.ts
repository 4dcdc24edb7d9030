import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { customerioSubjects } from "./customerio.ts";
import { platformSubjects } from "./platform.ts";
import type { Subject } from "./subject.ts";

const { tenantId, ...credential } = localCredentials.platform;

/** An object as its vendor lists it. */
export interface ListedObject {
  readonly type: string;
  readonly id: string;
  readonly item: Record<string, unknown>;
}

/** A stand-in in this process. */
interface StandIn {
  readonly url: string;
  readonly fetch: (request: Request) => Response | Promise<Response>;
}

/** All objects in the subjects' lists of Platform's stand-in. */
export async function listPlatform(standIn: StandIn): Promise<ListedObject[]> {
  const token = await json(
    ask(standIn, "/ims/token/v3", {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "client_credentials",
        client_id: credential.clientId,
        client_secret: credential.clientSecret,
        scope: "openid",
      }),
    }),
  );
  return listAll(standIn, platformSubjects(tenantId), {
    authorization: `Bearer ${token.access_token}`,
    "x-api-key": credential.clientId,
    "x-gw-ims-org-id": credential.orgId,
    "x-sandbox-name": credential.sandbox,
  });
}

/** All objects in the subjects' lists of Customer.io's stand-in. */
export function listCustomerIo(standIn: StandIn): Promise<ListedObject[]> {
  return listAll(standIn, customerioSubjects, { authorization: `Bearer ${localCredentials.customerIo.appApiKey}` });
}

async function listAll(
  standIn: StandIn,
  subjects: readonly Subject[],
  headers: Record<string, string>,
): Promise<ListedObject[]> {
  const found = await Promise.all(
    subjects.map(async ({ type, list }) => {
      if (list === undefined) return [];
      const answer = await json(ask(standIn, list.path, { headers: { ...headers, ...list.headers } }));
      return list.items(answer).map(([id, item]) => ({ type, id, item }));
    }),
  );
  return found.flat();
}

async function ask({ url, fetch }: StandIn, path: string, init: RequestInit): Promise<Response> {
  return fetch(new Request(url + path, init));
}

async function json(answer: Promise<Response>): Promise<Record<string, unknown>> {
  const response = await answer;
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}
