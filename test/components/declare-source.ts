import * as pulumi from "@pulumi/pulumi";
import { CustomerIoSource } from "../../components/customer-io-source.ts";
import { StackSettings } from "../../components/settings/settings-source.ts";
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

/** What the program declares with these settings of its stack besides the credentials. */
export async function declareFromSettings(
  settings: Record<string, unknown> = {},
  answers: Record<string, object> = {},
) {
  configureWithCredentials(settings);
  const { resources, outputs } = await declareBy(() => {
    const settings = new StackSettings(new pulumi.Config("customerio-aep"));
    const made = new CustomerIoSource("customerio-aep", settings);
    const { relayUrl, relayHostName, streamingUrl, nextSteps } = made;
    return { relayUrl, relayHostName, streamingUrl, nextSteps };
  }, answers);
  return { resources, outputs: outputs as { relayUrl: string; relayHostName: string; nextSteps: string[] } };
}

/** The inputs of the only resource of a type whose name ends so. */
export function inputsOfOne(resources: DeclaredResource[], type: string, name = ""): DeclaredResource["inputs"] {
  const found = resources.filter((resource) => resource.type === type && resource.name.endsWith(name));
  expect(found).toHaveLength(1);
  return found[0]?.inputs;
}
