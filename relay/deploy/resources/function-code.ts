import { createHash } from "node:crypto";
import { Archive, defineResource, type Operation, Unfinished } from "pulumi-provider-kit";
import { z } from "zod";
import plugin from "../../../package.json" with { type: "json" };
import { appSettings } from "../../core/app-settings.ts";
import { eventQueues, relayPackageName } from "../../core/names.ts";
import type { AzureClient } from "../client/client.ts";
import { deployOnce } from "../client/one-deploy.ts";
import { type Check, type CheckPace, checkPatiently } from "../client/patience.ts";
import { identifyRunningCode } from "../drift/code-drift.ts";
import { restoreSettings } from "../drift/restore-settings.ts";
import { shownSettings } from "../drift/setting-drift.ts";
import { packageManifest, packageMistake, zipFolder } from "../package-folder.ts";
import { drainBeforeApp } from "./queue-drain.ts";
import { wordsOf } from "./refusal.ts";
import { askHealth } from "./relay-health.ts";
import { resolveReferences } from "./secret-references.ts";
import { handOver } from "./settings-handover.ts";

const minute = 60_000;
const syncPace: CheckPace = { pauses: [2_000, 5_000], limit: 5 * minute };
const readyPace: CheckPace = { pauses: [1_000, 2_000, 3_000], limit: 10 * minute };
/** Milliseconds for instances to read secrets that arrived only after their start. */
const restartPause = minute;

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
      "`Repository`. It can't be derived from the app's name.",
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
  packageContainer: z
    .string()
    .optional()
    .meta({
      description:
        "Address of the blob container that the app takes its code from. After a change the code is deployed again, since the new container " +
        "does not have it.",
    }),
  configuration: z
    .string()
    .optional()
    .meta({
      description:
        "Digest of the app's settings. The app knows it too, and its health check returns it as `configuration`. After a change, the " +
        "resource waits until the app works with the new settings. Nothing is deployed for this.",
    }),
  settings: z
    .record(z.string(), z.string())
    .optional()
    .meta({
      description:
        "The app settings as the program writes them: references to secrets, no secrets. Unlike azure-native, a refresh reports settings that " +
        "someone has changed, with a digest in place of the foreign value. An update writes them again.",
    }),
  queueId: z
    .string()
    .optional()
    .meta({
      description:
        "Azure Resource Manager id of the queue whose functions must stop once the settings have changed. With it, the resource is " +
        "done only when no instance works with the former settings any more, however long Azure lets it live.",
    }),
});

const outputs = z.object({
  packageHash: z.string().meta({
    description:
      "SHA-256 of the deployed zip. Empty while it is not certain which code runs; then the code is deployed again.",
    volatile: true,
  }),
  deploymentId: z
    .string()
    .meta({ description: "Id of the last deployment at the app's deployment site.", volatile: true }),
  version: z.string().optional().meta({
    description:
      "Version of the deployed package, as its package.json has it. `customerio-aep status` compares it with its own.",
    volatile: true,
  }),
  build: z
    .string()
    .optional()
    .meta({
      description:
        "Digest of the deployed code, from its package.json and its health check. A refresh compares the two, and reports different code as a " +
        "changed package.",
      volatile: true,
    }),
});

type Inputs = z.output<typeof inputs>;
type Outputs = z.output<typeof outputs>;

const unsure: Outputs = { packageHash: "", deploymentId: "" };

/**
 * The code of a function app on the Flex Consumption plan, which no resource of azure-native deploys. The deployment is complete when
 * Azure has resolved the app's references to secrets and lists the functions, and the health check reports this code, its settings and
 * its secrets.
 */
export const functionCode = defineResource<AzureClient>()({
  type: "customerio-aep:index:FunctionCode",
  description:
    "The code of an Azure function app on the Flex Consumption plan. It is zipped, and deployed with the caller's " +
    "own Azure login (role Website Contributor). The deployment is complete once Azure has resolved all Key Vault references of the app's " +
    "settings, and the health check reports this code, these settings and all secrets. While a role is still propagating, the references are " +
    "refreshed, for ten minutes at most. The code is deleted with its function app. Deleting the resource drains the relay, unless a `QueueDrain` " +
    "has drained it or another app works on the same queue. It can't be imported.",
  inputs,
  inputOnly: ["package", "settings", "siteId", "queueId"],
  outputs,

  check({ package: archive }) {
    const mistake = archive && (packageMistake(archive.path) ?? otherVersion(archive.path));
    return mistake ? [{ property: "package", reason: `"package": ${mistake}.` }] : [];
  },

  async create(operation, values) {
    return { id: values.siteId, outputs: await deploy(operation, values) };
  },

  // Azure returns neither the package nor its hash, so this asks the running code.
  async read({ client, signal }, id, known, deployed) {
    if (!known || !deployed) {
      throw new Error(
        "A customerio-aep:index:FunctionCode can't be imported, since Azure doesn't give deployed code back. " +
          "Declare it in the program and run: npx pulumi up",
      );
    }
    const functions = await client.listFunctionNames(id, signal);
    const listed = known.settings && (await client.siteSettings(id).list(signal));
    if (functions === undefined || (known.settings && listed === undefined)) return undefined;
    const settings = known.settings && listed && { settings: shownSettings(known.settings, listed) };
    const url = `https://${known.hostName}${known.healthPath}`;
    const running = await identifyRunningCode(client, { url, build: deployed.build }, signal);
    if (running.is !== "other") return { inputs: { ...known, ...settings }, outputs: deployed };
    // Return another hash, since the engine compares packages by their hashes.
    const foreign = new Archive(
      known.package.path,
      createHash("sha256")
        .update(running.build ?? "")
        .digest("hex"),
    );
    return { inputs: { ...known, ...settings, package: foreign }, outputs: { ...deployed, packageHash: "" } };
  },

  async permit({ warn }, _id, { olds, news, replaces, unknown }) {
    const moves = unknown.includes("packageContainer") || news.packageContainer !== olds.packageContainer;
    if (moves && !replaces) warn(olds.packageContainer === undefined ? `${moveWarning} ${stay}` : moveWarning);
  },

  update: (operation, _id, { news, olds, outputs: running }) => deploy(operation, news, { olds, running }),

  // The code itself is deleted with its function app.
  async delete(operation, _id, { queueId, hostName, healthPath }) {
    // Another app may work on the same queue: that of a new plan.
    if (queueId === undefined || operation.other?.inputs.queueId === queueId) return;
    await drainBeforeApp(operation, { queueId, healthUrl: `https://${hostName}${healthPath}` });
  },
});

/** The app reads its code from the new container at once, and has none until this resource deploys it there. */
const moveWarning =
  "The app's code and its host's storage move to another storage account (azure.separateHostStorage). Azure may answer calls with 404 for about a " +
  "minute, and after a 404 Customer.io holds back all events for an hour. None is lost. To avoid it, replace the relay instead of running a " +
  "plain npx pulumi up (docs/tasks/replace.md).";
const stay = "To stay with one account: npx pulumi config set --path azure.separateHostStorage false";

/**
 * Why this plugin must not deploy a package: another version's relay would not do what this plugin waits for. Undefined if it may deploy
 * the package.
 */
function otherVersion(folder: string): string | undefined {
  const { name, version } = packageManifest(folder);
  if (name !== relayPackageName || version === plugin.version) return undefined;
  return (
    `the program has version ${version} of ${plugin.name}, and the plugin that deploys its relay has ${plugin.version}. Run npx pulumi ` +
    "in the program's folder, which takes the plugin that npm has installed with the program. In a clone of the repository, run first: " +
    "npm ci"
  );
}

/** Deploys the package unless it already runs, and waits until it works. */
async function deploy(
  operation: Operation<AzureClient>,
  values: Inputs,
  former?: { readonly olds: Inputs; readonly running: Outputs },
): Promise<Outputs> {
  // On creation, azure-native has just written them.
  if (former) await restoreSettings(operation, values);
  // Before the code: instances that start without a secret would have to start again.
  await resolveReferences(operation, values.siteId);
  const { zip, hash } = zipFolder(values.package.path);
  const { version, build } = packageManifest(values.package.path);
  const hasMoved = former && former.olds.packageContainer !== values.packageContainer;
  let now = former && !hasMoved ? { ...former.running, version, build } : undefined;
  if (!now || now.packageHash !== hash) {
    const formerId = former?.running.deploymentId;
    const deployed = await deployOnce(operation, {
      siteId: values.siteId,
      scmHostName: values.scmHostName,
      zip,
      hash,
      formerId,
    });
    if ("failure" in deployed) {
      if (!deployed.mayRun) throw new Error(deployed.failure);
      throw new Unfinished(values.siteId, unsure, `${deployed.failure}. To try again, run: npx pulumi up`);
    }
    now = { packageHash: hash, deploymentId: deployed.deploymentId, version, build };
  }
  const missing = await activate(operation, values, { build, olds: former?.olds });
  if (missing) {
    throw new Unfinished(values.siteId, now, `The relay's code is deployed to ${values.hostName}, but ${missing}`);
  }
  operation.progress("the relay's code works");
  return now;
}

/** Synchronizes the triggers and waits for the functions. Returns what is still missing at the end, if anything. */
async function activate(
  operation: Operation<AzureClient>,
  values: Inputs,
  { build, olds }: { readonly build: string | undefined; readonly olds: Inputs | undefined },
): Promise<string | undefined> {
  const { client, signal } = operation;
  try {
    const synchronized = await checkPatiently(operation, syncPace, () => client.syncTriggers(values.siteId, signal));
    if ("gaveUp" in synchronized) return `Azure did not synchronize its triggers ${synchronized.gaveUp}`;
    const ready = await checkPatiently(operation, readyPace, healthLook(operation, values, build));
    if ("done" in ready) return await handOver(operation, values, olds);
    return (
      `it does not work ${ready.gaveUp}. Most often a role of the app's identity is still propagating, or an app setting ` +
      "is wrong: see the app's log stream in the Azure portal. Then run: npx pulumi up. If a destroy was stopped before, " +
      "restore what it had deleted: npx pulumi up --refresh"
    );
  } catch (error) {
    return `its start could not be followed. ${wordsOf(error)}`;
  }
}

/** Checks whether the app works, and restarts it if only a restart gives it its secrets. */
function healthLook(
  operation: Operation<AzureClient>,
  values: Inputs,
  build: string | undefined,
): () => Promise<Check<true>> {
  const { client, signal } = operation;
  let restartedAt = Number.NEGATIVE_INFINITY;
  return async () => {
    const url = `https://${values.hostName}${values.healthPath}`;
    const health = await askHealth(client, url, signal);
    if ("failure" in health) return { notYet: health.failure, detail: health.detail };
    if (build !== undefined && health.build !== build) {
      const detail = `${url} is answered by other code. If someone else has deployed it: npx pulumi up --refresh`;
      return { notYet: "waiting for the app to start with the deployed code", detail };
    }
    if (values.configuration !== undefined && health.configuration !== values.configuration) {
      return {
        notYet: "waiting for the app to start with its new settings",
        detail: `${url} answers with other settings`,
      };
    }
    if (health.unresolved.length > 0) {
      // Azure has resolved the references, but running instances do not get the new values.
      if (client.clock.monotonic() - restartedAt >= restartPause) {
        restartedAt = client.clock.monotonic();
        await client.siteSettings(values.siteId).restart(signal);
      }
      const names = health.unresolved.join(", ");
      return {
        notYet: `waiting for the app to start with its secrets: ${names}`,
        detail: `it lacks a value for ${names}`,
      };
    }
    // If the host can't read a package, it reports no error and lists no functions.
    const functions = await client.listFunctionNames(values.siteId, signal);
    if (functions === undefined) return { notYet: "Azure says that the function app is gone" };
    if (functions.length === 0) return { notYet: "Azure lists no functions of the app yet" };
    const missing = furtherFunctions(values.settings).filter((name) => !functions.includes(name));
    if (missing.length === 0) return { done: true };
    // An instance with the former settings may have answered the first synchronization.
    await client.syncTriggers(values.siteId, signal);
    return { notYet: `Azure does not list ${missing.join(", ")} among the functions of the app yet` };
  };
}

/** Functions that the app has only by its settings: those of further queues of events. */
function furtherFunctions(settings: Inputs["settings"]): string[] {
  const [, ...further] = eventQueues(appSettings.EVENT_QUEUES.parse(settings?.EVENT_QUEUES));
  return further.flatMap(({ functions }) => Object.values(functions));
}
