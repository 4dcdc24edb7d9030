import { defineResource, type Operation } from "pulumi-provider-kit";
import { z } from "zod";
import type { AepClient } from "../../client/client.ts";
import { paths } from "../../client/paths.ts";
import { ownershipInput, withoutMark } from "../mark.ts";
import {
  byMark,
  createItem,
  deleteConnection,
  findItem,
  flowServiceItem,
  getItem,
  getNewItem,
  keepOnError,
  labelSteps,
  patchItem,
} from "./flow-service.ts";
import { connectionSpecs } from "./sources.ts";

/** The only authentication in the HTTP API source's specification. */
const authSpec = "Streaming Connection";

const dataType = z.enum(["raw", "xdm"]);

const answer = flowServiceItem.extend({
  auth: z
    .object({
      params: z
        .object({
          inletUrl: z.string().nullish(),
          dataType: dataType.catch("raw"),
          authenticationRequired: z.boolean().nullish(),
        })
        .nullish(),
    })
    .nullish(),
});

export const baseConnectionKind = {
  collection: paths.connections,
  name: "base connection",
  item: answer,
  users: { collection: paths.sourceConnections, property: "baseConnectionId" },
};

const inputs = z.object({
  name: z.string().min(1).meta({ description: "Name; need not be unique." }),
  description: z.string().min(1).optional().meta({ description: "What the connection is for." }),
  dataType: dataType.default("raw").meta({
    description: "raw for JSON that a dataflow maps, xdm for records in the schema's own form; default raw.",
    replaces: true,
  }),
  authenticationRequired: z.boolean().default(true).meta({
    description:
      "Whether senders must send an access token of the organization; default true. Without it, anyone who has the URL can send.",
    replaces: true,
  }),
  ownership: ownershipInput,
});

const outputs = z.object({
  inletUrl: z.string().meta({
    description: "URL of the streaming endpoint that all dataflows of the connection share.",
    secret: true,
  }),
});

type Inputs = z.output<typeof inputs>;
type Outputs = z.output<typeof outputs>;
type Connection = z.output<typeof answer>;

/** A base connection of the HTTP API source: the endpoint for events, and who may post to it. */
export const baseConnection = defineResource<AepClient>()({
  type: "aep:index:BaseConnection",
  description:
    "The base connection of an HTTP API source: a streaming endpoint, with or without authentication. Imported by its id. " +
    "Adobe: Flow Service API, connections endpoint; tutorial “Create an HTTP API streaming connection”.",
  inputs,
  outputs,

  ...byMark(baseConnectionKind, inputsOf),

  async create(operation, given) {
    const params = {
      sourceId: given.name,
      dataType: given.dataType,
      name: given.name,
      authenticationRequired: given.authenticationRequired,
    };
    const body = {
      connectionSpec: { id: connectionSpecs.http, version: "1.0" },
      auth: { specName: authSpec, params },
    };
    const id = await createItem(operation, baseConnectionKind, given, body);
    return { id, outputs: await waitUntilOpen(operation, id, getNewItem) };
  },

  async read(operation, id, _known, stored) {
    const found = await findItem(operation, baseConnectionKind, id);
    if (!found) return undefined;
    const inletUrl = found.auth?.params?.inletUrl ?? stored?.inletUrl;
    if (inletUrl) return { inputs: inputsOf(found), outputs: { inletUrl } };
    throw new Error(
      `The base connection "${found.name}" (${id}) has no streaming endpoint, so it does not belong to an HTTP API source.`,
    );
  },

  async update(operation, id, { news, outputs: stored }) {
    await patchItem(operation, baseConnectionKind, id, (found) => labelSteps(found, news, operation.urn));
    return stored.inletUrl ? stored : waitUntilOpen(operation, id);
  },

  delete: (operation, id) => deleteConnection(operation, baseConnectionKind, id),
});

/** The endpoint usually comes with the connection; wait for it in case it comes later. */
function waitUntilOpen(
  { client, signal, progress }: Operation<AepClient>,
  id: string,
  read: typeof getItem = getItem,
): Promise<Outputs> {
  return keepOnError<Outputs>(id, `The base connection (${id}) exists`, {}, async () => {
    for (;;) {
      const found = await read({ client, signal }, baseConnectionKind, id);
      const inletUrl = found.auth?.params?.inletUrl;
      if (inletUrl) return { inletUrl };
      progress("waiting until Platform has opened the streaming endpoint");
      await client.pause(signal);
      if (signal.aborted) {
        throw new Error("it had no streaming endpoint before the timeout, or before the command was stopped.");
      }
    }
  });
}

function inputsOf({ name, description, auth }: Connection): Inputs {
  return {
    name,
    description: withoutMark(description),
    dataType: auth?.params?.dataType ?? "raw",
    authenticationRequired: auth?.params?.authenticationRequired ?? false,
  };
}
