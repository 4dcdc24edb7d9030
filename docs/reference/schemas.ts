import { provider as aep } from "../../packages/pulumi-aep/src/provider.ts";
import { provider as customerio } from "../../packages/pulumi-customerio/src/provider.ts";
import { provider as relay } from "../../relay/deploy/provider.ts";

/** The Pulumi package schemas that are checked in and published: path in the repository → text. */
export async function packageSchemas(): Promise<Map<string, string>> {
  const schemas = {
    "packages/pulumi-aep/schema.json": aep,
    "packages/pulumi-customerio/schema.json": customerio,
    "relay/deploy/schema.json": relay,
  };
  const texts = Object.entries(schemas).map(async ([file, provider]): Promise<[string, string]> => {
    return [file, `${JSON.stringify(await provider.schema(), null, 2)}\n`];
  });
  return new Map(await Promise.all(texts));
}
