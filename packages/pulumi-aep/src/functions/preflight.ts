import type { FunctionDefinition } from "pulumi-provider-kit";
import { VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import { listSandboxes } from "../client/choices.ts";
import type { AepClient } from "../client/client.ts";
import { pathOf, paths } from "../client/paths.ts";
import { connectionSpecs } from "../resources/flow-service/sources.ts";
import { findMissingPermissions } from "./permissions.ts";

const offer = z.enum(["offered", "absent", "unknown"]);
type Offer = z.output<typeof offer>;

const args = z.object({
  profile: z.boolean().default(false).meta({
    description: "Whether schema and dataset will be enabled for Real-Time Customer Profile; default false.",
  }),
});

const result = z.object({
  sandbox: z.string().meta({ description: "Name of the sandbox in the provider's settings." }),
  sandboxState: z.string().meta({
    description:
      "State of the sandbox in Platform's words: active, creating, resetting and others; absent: it is not among those that " +
      "the credential's role includes; unknown: Platform does not say.",
  }),
  customerIoSource: offer.meta({
    description: "Whether the sandbox offers Adobe's source for Customer.io, a beta: offered, absent or unknown.",
  }),
  httpSource: offer.meta({
    description: "Whether the sandbox offers the HTTP API source: offered, absent or unknown.",
  }),
  missingPermissions: z.array(z.string()).meta({
    description:
      "Permissions that the credential's role lacks for schemas, datasets and dataflows, with their titles in Platform.",
  }),
  unchecked: z.array(z.string()).meta({ description: "What could not be checked, and why." }),
});

/** What a preflight found. */
export type PreflightReport = z.output<typeof result>;

/** Checks a sandbox before anything is created: whether it exists, which sources it offers, and what the credential may do. */
export const getPreflight: FunctionDefinition<AepClient, typeof args, typeof result> = {
  token: "aep:index:getPreflight",
  description:
    "Checks the sandbox before anything is created in it: whether it is active, which sources it offers, and which " +
    "permissions the credential lacks. Adobe: Sandbox API; Flow Service API, connectionSpecs endpoint; Access Control API.",
  args,
  result,
  async call(client, { profile }, signal) {
    const unchecked: string[] = [];
    const ask = async <Answer>(otherwise: Answer, question: () => Promise<Answer>): Promise<Answer> => {
      try {
        return await question();
      } catch (error) {
        if (!(error instanceof VendorError) || isMistakenCredential(error)) throw error;
        unchecked.push(error.message);
        return otherwise;
      }
    };
    const [sandboxState, customerIoSource, httpSource, permissions] = await Promise.all([
      ask("unknown", () => readSandboxState(client, signal)),
      ask<Offer>("unknown", () => offerOf(client, connectionSpecs.customerio, signal)),
      ask<Offer>("unknown", () => offerOf(client, connectionSpecs.http, signal)),
      ask({ missing: [], unknown: [] }, () => findMissingPermissions(client, { profile }, signal)),
    ]);
    for (const title of permissions.unknown) {
      unchecked.push(`Platform's access control API has no permission with the name ${title}.`);
    }
    return {
      sandbox: client.sandbox,
      sandboxState,
      customerIoSource,
      httpSource,
      missingPermissions: permissions.missing,
      // In a sandbox that does not exist, no other check can succeed.
      unchecked: sandboxState === "absent" ? [] : unchecked,
    };
  },
};

async function readSandboxState(client: AepClient, signal: AbortSignal): Promise<string> {
  const found = (await listSandboxes(client, signal)).find(({ name }) => name === client.sandbox);
  return found?.state ?? "absent";
}

const specs = z.object({ items: z.array(z.unknown()) });

/** For a missing source, Platform answers unknown specification (1413), not entitled (1100), or not found. */
async function offerOf(client: AepClient, id: string, signal: AbortSignal): Promise<Offer> {
  const purpose = `check whether the sandbox offers the source with the connection specification ${id}`;
  try {
    const path = pathOf(paths.connectionSpecs, id);
    const { items } = await client.call({ method: "GET", path, signal, purpose }, specs);
    return items.length > 0 ? "offered" : "absent";
  } catch (error) {
    const code = client.refusal(error)?.flowCode;
    if (code !== undefined && [1100, 1101, 1404, 1413, 1439].includes(code)) return "absent";
    throw error;
  }
}

/** A wrong client id or organization, with which nothing would work. The gateway's codes are plain numbers; IMS throws its own errors. */
function isMistakenCredential({ status, code = "" }: VendorError): boolean {
  return status === 401 || (status === 403 && /^\d+$/.test(code));
}
