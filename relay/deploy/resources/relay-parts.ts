import type { Operation } from "pulumi-provider-kit";
import { z } from "zod";
import type { AzureClient } from "../client/client.ts";

/** Resources in Azure, by the names that the program gives them. */
export const partsSchema = z.record(
  z.string(),
  z.object({
    id: z.string().meta({ description: "Azure Resource Manager id." }),
    apiVersion: z.string().meta({ description: "Version of Azure's API with which it is read." }),
  }),
);

type Parts = Readonly<z.output<typeof partsSchema>>;

/** Milliseconds before the second check: right after a resource is created, Azure may answer 404 for it. */
const secondLook = 5_000;

/**
 * Throws if Azure lacks resources that are in the state, as after a killed `destroy`. An `up` trusts the state: it would silently leave out
 * an alert or a role, or fail with an unclear error about an object inside a deleted one.
 *
 * @param parts ids by the program's names
 */
export async function requirePresent(
  { client, signal }: Pick<Operation<AzureClient>, "client" | "signal">,
  parts: Parts,
): Promise<void> {
  const missing = async (names: readonly string[]) => {
    const looks = await Promise.all(
      names.map(async (name) => {
        const part = parts[name];
        // A part that can't be read may still exist. The code that needs it reports the error.
        return part && (await client.armGet(part.id, part.apiVersion, signal).catch(() => part)) === undefined;
      }),
    );
    return names.filter((_name, index) => looks[index]);
  };
  const suspects = await missing(Object.keys(parts));
  if (suspects.length === 0) return;
  await client.clock.sleep(secondLook, signal);
  const gone = await missing(suspects);
  if (gone.length === 0 || signal.aborted) return;
  throw new Error(
    `Azure lacks what the stack's state has: ${gone.map((name) => describeParts(name, parts)).join(", ")}. Probably a destroy or a ` +
      "change to direct delivery was interrupted, or someone has deleted it. To recreate it, run: npx pulumi up --refresh. To finish a destroy, run: npx pulumi destroy",
  );
}

/** Names a part with the end of its id: `the vault (vaults/cioaep1a2b3c4d)`. */
function describeParts(name: string, parts: Parts): string {
  return `${name} (${parts[name]?.id.split("/").slice(-2).join("/")})`;
}
