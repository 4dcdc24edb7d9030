import { isDeepStrictEqual } from "node:util";
import { defineResource, type Operation } from "pulumi-provider-kit";
import { z } from "zod";
import { isObject, jsonOf } from "../../../core/event/json.ts";
import type { AzureClient } from "../../client/client.ts";
import { importRefusal } from "../refusal.ts";
import { refuseMove } from "./network-moves.ts";
import { deleteDespiteOwnLock } from "./own-lock.ts";
import { deleteSlowly, isOfNetwork, putAndWait } from "./slow-resources.ts";

const apiVersion = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}(-preview)?$/, 'it must be a date such as "2024-01-01"')
  .meta({ description: "Version of Azure's API with which the resource is created, read and deleted: `2024-01-01`." });

const inputs = z.object({
  parentId: z.string().startsWith("/subscriptions/", "it must be an Azure Resource Manager id: /subscriptions/…").meta({
    description: "Id of the resource or group that contains this one, or to which it applies.",
    replaces: true,
  }),
  path: z
    .string()
    .regex(/^[^/].*[^/]$/, 'it must not begin or end with "/"')
    .meta({
      description:
        "The rest of the resource's id, below its parent's: `queueServices/default/queues/events`, or " +
        "`providers/Microsoft.Authorization/roleAssignments/<guid>`.",
      replaces: true,
    }),
  apiVersion,
  body: z.record(z.string(), z.unknown()).default({}).meta({
    description: "What is sent to Azure: `properties`, and `location` and `kind` if the type has them. No secrets.",
  }),
});

type Inputs = z.output<typeof inputs>;

/**
 * azure-native refuses to create a resource that already exists. A run that was killed after Azure acted leaves such a resource, and with
 * a fixed name no later run could continue. Azure's own PUT creates or updates.
 */
export const armResource = defineResource<AzureClient>()({
  type: "customerio-aep:index:ArmResource",
  description:
    "An Azure resource with a name that the program chooses, created by Azure Resource Manager's own PUT, which also adopts an existing resource " +
    "with that id. So if an `up` was killed before it could record the resource, the next `up` continues, where " +
    "`azure-native` would fail with `cannot create already existing resource`. Use it for resources that Azure creates immediately, such as queues, " +
    "containers and role assignments, and for those of `Microsoft.Network`, for which it waits. A replacement under the same id rewrites the " +
    "resource, unless there is nothing to send, and keeps its content. It can't be imported: declare it, and `npx pulumi up` adopts the existing resource.",
  inputs,
  inputOnly: ["parentId", "path", "body"],
  outputs: z.object({}),

  async create(operation, values) {
    const id = `${values.parentId}/${values.path}`;
    await write(operation, id, values);
    return { id, outputs: {} };
  },

  async read({ client, signal }, id, known) {
    if (!known) throw importRefusal("customerio-aep:index:ArmResource");
    const found = await client.armGet(id, known.apiVersion, signal);
    // Azure returns more than the program sent; only the program's properties are compared.
    return found && { inputs: { ...known, body: matchSpelling(found, known.body) as Inputs["body"] }, outputs: {} };
  },

  async permit(_operation, id, { olds, news, replaces }) {
    if (!replaces) refuseMove(id, olds.body, news.body);
  },

  // Uses the id in the state: an earlier version may have given the role assignment another name.
  async update(operation, id, { news }) {
    await write(operation, id, news);
    return {};
  },

  async delete(operation, id, state) {
    if (isOfNetwork(id)) await deleteSlowly(operation, id, state.apiVersion);
    else await deleteDespiteOwnLock(operation, id, state.apiVersion);
  },
});

/**
 * Creates or changes the resource. One that exists is not written if there is nothing to send: a queue's metadata, which has the marks, is
 * not the program's, and Azure's Queue service refuses to create an existing queue with other metadata ("Create Queue").
 */
async function write(operation: Operation<AzureClient>, id: string, values: Inputs): Promise<void> {
  const { client, signal } = operation;
  const { apiVersion: version, body } = values;
  if (isDeepStrictEqual(body, { properties: {} }) && (await client.armGet(id, version, signal)) !== undefined) return;
  await putAndWait(operation, id, values);
}

/**
 * Azure's values of the sent properties. Keys that were not sent are left out, values that Azure never returns are as sent, and
 * differences in case are ignored for ids and words. Null is an empty list, as of instances that are always ready (azure-cli#28892).
 */
export function matchSpelling(answered: unknown, sent: unknown): unknown {
  if (answered === undefined || (answered === null && Array.isArray(sent) && sent.length === 0)) return sent;
  if (typeof sent === "string" && isSame(String(answered), sent)) return sent;
  if (Array.isArray(sent) && Array.isArray(answered) && sent.length === answered.length) {
    return sent.map((item, index) => matchSpelling(answered[index], item));
  }
  if (!isObject(sent) || !isObject(answered)) return answered;
  return Object.fromEntries(Object.entries(sent).map(([key, value]) => [key, matchSpelling(answered[key], value)]));
}

/** Azure may write JSON, such as a workbook's content, differently from what it got. */
function isSame(answered: string, sent: string): boolean {
  if (answered.toLowerCase() === sent.toLowerCase()) return true;
  return sent.startsWith("{") && isDeepStrictEqual(jsonOf(answered), jsonOf(sent));
}
