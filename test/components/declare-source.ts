import { CustomerIoSource } from "../../components/customer-io-source.ts";
import type { CustomerIoSourceArgs } from "../../components/settings/source-arguments.ts";
import { type Answers, configureWithCredentials, type DeclaredResource, declareBy } from "./stack.ts";

/** Everything that a program with one source declares; an existing resource group is in northeurope. */
export async function declareSource(
  args: CustomerIoSourceArgs = {},
  answers: Answers = {},
): Promise<DeclaredResource[]> {
  configureWithCredentials();
  const program = () => ({ id: new CustomerIoSource("events", args).webhookId });
  const group = { "azure-native:resources:getResourceGroup": { location: "northeurope" } };
  return (await declareBy(program, { ...group, ...answers })).resources;
}

/** The inputs of the first resource whose type and name end so. */
export function findInputs(resources: readonly DeclaredResource[], type: string, end = ""): DeclaredResource["inputs"] {
  return resources.find((resource) => resource.type.endsWith(type) && resource.name.endsWith(end))?.inputs;
}
