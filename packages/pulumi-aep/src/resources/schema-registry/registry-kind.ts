import { importCommand, type Leftover, type Operation } from "pulumi-provider-kit";
import { type Call, VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import type { AepClient } from "../../client/client.ts";
import { titleRule } from "../../client/complaint.ts";
import { allByTitle, listRegistryObjects } from "../../client/pages.ts";
import { pathOf } from "../../client/paths.ts";
import { accept, xdmResource } from "../../client/xdm.ts";
import type { Creation } from "../create-once.ts";
import { isMarkOf, isOwnedBy, markIn, markOf } from "../mark.ts";
import { pickListed } from "../pick-listed.ts";

/** An object in the Schema Registry's tenant container; its description carries the mark. */
export const registryItem = xdmResource.extend({ description: z.string().nullish() });

const labelAnswer = z.object({ $id: z.string(), description: z.string().nullish() });

/** The inputs of every resource of the registry. Titles are unique across all kinds. */
interface Titled {
  readonly title: string;
  readonly ownership?: string | undefined;
}

/** What differs between schemas and field groups. */
interface Kind<Item extends typeof registryItem, Inputs extends Titled> {
  readonly collection: string;
  /** Name of the kind, for messages. */
  readonly kind: string;
  readonly item: Item;
  inputsOf(found: z.output<Item>, wanted?: Inputs): Inputs;
  /** The body of a POST, with this mark in its description. */
  bodyOf(given: Inputs, mark: string): object;
  /** Ids of the objects that it refers to. */
  needsOf?(given: Inputs): readonly string[];
  /** Whether others refer to the object: then some run knew it. */
  isUsed(client: AepClient, found: z.output<Item>, signal: AbortSignal): Promise<boolean>;
}

/** The parts of a resource definition that find objects of a kind, create them once, and find them again by their marks. */
export function registryKind<Item extends typeof registryItem, Inputs extends Titled>(of: Kind<Item, Inputs>) {
  const { collection, kind, item } = of;

  async function withUse({ client, signal, isHeld }: Operation<AepClient>, all: z.output<Item>[], wanted?: Inputs) {
    const left: Leftover<Inputs>[] = [];
    for (const found of all) {
      const inUse = !isHeld(found.$id) && (await of.isUsed(client, found, signal));
      left.push({ id: found.$id, createdAt: undefined, inputs: of.inputsOf(found, wanted), inUse });
    }
    return left;
  }

  /** Objects with the title that carry the resource's mark: one at most. */
  async function listMarked(client: AepClient, { title, ownership }: Inputs, urn: string, signal: AbortSignal) {
    const hasMark = isMarkOf(urn, ownership);
    const purpose = `check whether the ${kind} "${title}" is there already`;
    const marked: z.output<Item>[] = [];
    for (const { $id } of await listTitled(client, { collection, title, purpose }, signal)) {
      const found = await find(client, $id, signal);
      if (found && hasMark(markIn(found.description))) marked.push(found);
    }
    return marked;
  }

  function find(client: AepClient, id: string, signal: AbortSignal): Promise<z.output<Item> | undefined> {
    const purpose = `read the ${kind} ${id}`;
    const call = { method: "GET", path: pathOf(collection, id), headers: accept.lookup, signal, purpose } as const;
    return client.find(call, item);
  }

  /** Reads an object that must exist. */
  async function findPresent(client: AepClient, id: string, signal: AbortSignal): Promise<z.output<Item>> {
    const found = await find(client, id, signal);
    if (found) return found;
    throw new Error(
      `The ${kind} ${id} is gone: it was deleted in Experience Platform. ` +
        "Run npx pulumi refresh, then npx pulumi up, which recreates it.",
    );
  }

  /** Ids of the objects of this kind that have the title. */
  async function findTitleHolders(client: AepClient, title: string, signal: AbortSignal): Promise<string[]> {
    const purpose = `check whether the title "${title}" is free`;
    return (await listTitled(client, { collection, title, purpose }, signal)).map(({ $id }) => $id);
  }

  /** What to do about the object that has the title of the resource with this URN. */
  function titleRemedy(urn: string, id: string): string {
    // A destroy of one of two stacks that manage an object would delete it for both.
    return (
      `The ${kind} ${id} has it. It may be this stack's: what --replace creates needs another title, and a renamed component needs an alias ` +
      "(resource option aliases). It may be another stack's, such as a colleague's of the same name. Or a destroyed stack has left it, with a " +
      "schema to be used unchanged (npx pulumi config set --path schema.existing <schema>). If no stack manages it, you can also import it: " +
      importCommand(urn, id)
    );
  }

  return {
    /** Reads the object; undefined if it is gone. */
    find,
    findPresent,

    leftovers: async (operation: Operation<AepClient>, wanted: Inputs) =>
      withUse(operation, await listMarked(operation.client, wanted, operation.urn, operation.signal), wanted),

    /** Titles are unique, so that the `up` would fail in the middle. */
    async foreseeCreation(
      operation: Operation<AepClient>,
      { title }: Partial<Inputs>,
      leftovers: readonly Leftover<Inputs>[],
    ): Promise<void> {
      if (title === undefined) return;
      const own = leftovers.filter(({ inUse }) => !inUse).map(({ id }) => id);
      const { client, urn, signal, isHeld } = operation;
      const other = (await findTitleHolders(client, title, signal)).find((id) => !own.includes(id) && !isHeld(id));
      if (other === undefined) return;
      throw new Error(`The title "${title}" is taken in the sandbox. ${titleRule} ${titleRemedy(urn, other)}`);
    },

    async findOwned(operation: Operation<AepClient>, ownership: string) {
      const hasMark = isOwnedBy(ownership);
      const purpose = `look for ${kind}s of interrupted runs`;
      const list = { collection, query: allByTitle, headers: accept.wholes, purpose };
      const all = await listRegistryObjects(operation.client, list, operation.signal);
      const owned = await pickListed(all, {
        label: labelAnswer,
        isWanted: ({ description }) => hasMark(markIn(description)),
        item,
        read: ({ $id }) => find(operation.client, $id, operation.signal),
      });
      return withUse(operation, owned);
    },

    /** Replaces the object's content. An answer without a body does not show the new version, so it is read. */
    async replace(client: AepClient, id: string, call: Omit<Call, "method" | "path">) {
      const put = { ...call, method: "PUT", path: pathOf(collection, id) } as const;
      const answer = await client.call(put, z.union([xdmResource, z.literal("")]));
      return registryOutputs(answer === "" ? await findPresent(client, id, call.signal) : answer);
    },

    async create({ client, signal, progress, urn, present }: Operation<AepClient>, given: Inputs) {
      const body = of.bodyOf(given, markOf(urn, given.ownership));
      const creation: Creation<z.output<typeof xdmResource>> = {
        list: (until) => listMarked(client, given, urn, until),
        idOf: ({ $id }) => $id,
        post: () => {
          const purpose = `create the ${kind} "${given.title}"`;
          return client.call({ method: "POST", path: collection, body, signal, purpose }, xdmResource);
        },
        // Titles are unique; the object that has it may be ours, from a call that was repeated on its way.
        isThere: ({ code }) => code === titleTaken,
      };
      const made = await client
        .createOnce({ signal, progress }, present, creation, of.needsOf?.(given))
        .catch(async (error: unknown) => {
          if (!(error instanceof VendorError) || error.code !== titleTaken) throw error;
          const [holder] = await findTitleHolders(client, given.title, signal).catch(() => []);
          throw holder === undefined ? error : new Error(`${error.message} ${titleRemedy(urn, holder)}`);
        });
      return { id: made.$id, outputs: registryOutputs(made) };
    },
  };
}

/** The registry's "Title not unique". */
const titleTaken = "XDM-1521-400";

/** The outputs that the registry adds to each object. */
export function registryOutputs(found: z.output<typeof xdmResource>): { altId: string; version: string } {
  return { altId: found["meta:altId"], version: found.version };
}

const titled = z.object({ $id: z.string(), title: z.string() });

/** Lists objects with exactly this title, without their content. */
export async function listTitled(
  client: AepClient,
  { collection, title, purpose }: { collection: string; title: string; purpose: string },
  signal: AbortSignal,
) {
  const query = `property=title==${encodeURIComponent(title)}`;
  const listed = await listRegistryObjects(client, { collection, query, headers: accept.list, purpose }, signal);
  return listed.flatMap((object) => {
    const { data } = titled.safeParse(object);
    return data?.title === title ? [data] : [];
  });
}
