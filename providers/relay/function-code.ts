import { z } from "zod";
import { defineResource, type Operation, Unfinished } from "../kit/resource-definition.ts";
import { Archive } from "../kit/values.ts";
import type { AzureClient } from "./client.ts";
import { oneDeploy } from "./one-deploy.ts";
import { packageMistake, zipFolder } from "./package-folder.ts";
import { type Look, type Pace, patiently } from "./patience.ts";

const minute = 60_000;
const syncPace: Pace = { pauses: [2_000, 5_000], limit: 5 * minute };
const readyPace: Pace = { pauses: [1_000, 2_000, 3_000], limit: 10 * minute };

const hostName = z.string().regex(/^[a-z0-9.-]+(:\d+)?$/i, "it must be a host name alone, without https:// and path");

const inputs = z.object({
  siteId: z
    .string()
    .regex(
      /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Web\/sites\/[^/]+$/i,
      "it must be the id of a web app: /subscriptions/…/providers/Microsoft.Web/sites/…",
    )
    .meta({ description: "Azure Resource Manager id of the function app (`WebApp.id`).", replaces: true }),
  scmHostName: hostName.meta({
    description:
      "Host name of the app's deployment site: the entry of `WebApp.hostNameSslStates` whose `hostType` is " +
      "`Repository`. Not to be guessed from the app's name.",
  }),
  hostName: hostName.meta({ description: "Host name at which the app answers (`WebApp.defaultHostName`)." }),
  package: z
    .custom<Archive>((value) => value instanceof Archive, "it must be a pulumi.asset.FileArchive")
    .meta({
      description: 'Folder to deploy, with host.json and package.json at its root: `new FileArchive("relay/dist")`.',
    }),
  healthPath: z
    .string()
    .startsWith("/", 'it must begin with "/"')
    .default("/health")
    .meta({ description: "Path that answers 200 once the code works; default /health." }),
  configuration: z
    .string()
    .optional()
    .meta({
      description:
        "Any text that changes when the app's settings do, such as a digest of them: a change restarts the app, so that it " +
        "is waited for anew. Nothing is deployed for it.",
    }),
});

const outputs = z.object({
  packageHash: z.string().meta({
    description: "SHA-256 of the deployed zip; empty while it isn't sure which code runs, and then deployed anew.",
    volatile: true,
  }),
  deploymentId: z
    .string()
    .meta({ description: "Id of the last deployment at the app's deployment site.", volatile: true }),
});

type Inputs = z.output<typeof inputs>;
type Outputs = z.output<typeof outputs>;

const unsure: Outputs = { packageHash: "", deploymentId: "" };

/**
 * The code of a function app on the Flex Consumption plan, which no resource of azure-native deploys. Done means that the
 * functions are listed and the health check answers.
 */
export const functionCode = defineResource<AzureClient>()({
  type: "relay:index:FunctionCode",
  description:
    "The code of an Azure function app on the Flex Consumption plan: zipped, deployed by one deploy with the caller's " +
    "own Azure login (role Website Contributor), and waited for until its health check answers. Deleting it calls " +
    "nothing: the code goes with its function app. It can't be imported.",
  inputs,
  outputs,

  check({ package: archive }) {
    const mistake = archive && packageMistake(archive.path);
    return mistake ? [{ property: "package", reason: `"package": ${mistake}.` }] : [];
  },

  async create(operation, values) {
    return { id: values.siteId, outputs: await deploy(operation, values, undefined) };
  },

  // Azure answers neither the package nor its hash; what it does say is whether the app is still there.
  async read({ client, signal }, id, known, deployed) {
    if (!known || !deployed) {
      throw new Error(
        "A relay:index:FunctionCode can't be imported, since Azure doesn't give deployed code back. " +
          "Declare it in the program and run: npx pulumi up",
      );
    }
    const functions = await client.functionNames(id, signal);
    return functions && { inputs: known, outputs: deployed };
  },

  update: (operation, _id, { news, outputs: running }) => deploy(operation, news, running),

  async delete() {
    // The code goes with its function app.
  },
});

/** Deploys the package unless it is what runs, and waits until it works. */
async function deploy(
  operation: Operation<AzureClient>,
  values: Inputs,
  running: Outputs | undefined,
): Promise<Outputs> {
  const { zip, hash } = zipFolder(values.package.path);
  let now = running;
  if (!now || now.packageHash !== hash) {
    const deployed = await oneDeploy(operation, values.scmHostName, { zip, hash });
    if ("failure" in deployed) {
      if (!deployed.mayRun) throw new Error(deployed.failure);
      throw new Unfinished(values.siteId, unsure, `${deployed.failure}. To try again, run: npx pulumi up`);
    }
    now = { packageHash: hash, deploymentId: deployed.deploymentId };
  }
  const missing = await activated(operation, values);
  if (missing) {
    throw new Unfinished(values.siteId, now, `The relay's code is deployed to ${values.hostName}, but ${missing}`);
  }
  operation.progress("the relay's code works");
  return now;
}

/** Has Azure take in the triggers and waits for the functions; answers what is missing in the end, if anything. */
async function activated(operation: Operation<AzureClient>, values: Inputs): Promise<string | undefined> {
  const { client, signal } = operation;
  try {
    const synchronised = await patiently(operation, syncPace, () => client.syncTriggers(values.siteId, signal));
    if ("gaveUp" in synchronised) return `Azure did not take in its triggers ${synchronised.gaveUp}`;
    const ready = await patiently(operation, readyPace, () => works(operation, values));
    if ("done" in ready) return undefined;
    return (
      `it does not work ${ready.gaveUp}. Most often a role of the app's identity is still spreading or an app setting ` +
      "is wrong: see the app's log stream in the Azure portal. Then run: npx pulumi up. If a destroy was stopped before, what it has " +
      "deleted is missing: npx pulumi up --refresh"
    );
  } catch (error) {
    return `its start could not be followed. ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function works({ client, signal }: Operation<AzureClient>, values: Inputs): Promise<Look<true>> {
  const url = `https://${values.hostName}${values.healthPath}`;
  const { status, text } = await client.ask(url, signal);
  if (status === undefined) return { notYet: `${url} does not answer (${text})` };
  if (status !== 200) return { notYet: `${url} answers ${status}`, detail: `${url} answers ${status}: ${text}` };
  // A package that the host can't read gives no error: just no functions.
  const functions = await client.functionNames(values.siteId, signal);
  if (functions === undefined) return { notYet: "Azure says that the function app is gone" };
  if (functions.length === 0) return { notYet: "Azure lists no functions of the app yet" };
  return { done: true };
}
