import type { Operation } from "pulumi-provider-kit";
import { lacksStorageAccess } from "./arm-complaint.ts";
import type { AzureClient } from "./client.ts";
import type { Deployment, Kudu } from "./kudu.ts";
import { type Check, type CheckPace, checkPatiently } from "./patience.ts";

const minute = 60_000;
const publishPace: CheckPace = { pauses: [5_000, 10_000], limit: 15 * minute };
const followPace: CheckPace = { pauses: [500, 1_000, 2_000, 3_000], limit: 10 * minute };

/** What to deploy, and where. */
interface Package {
  readonly siteId: string;
  readonly scmHostName: string;
  readonly zip: Uint8Array;
  readonly hash: string;
  /** Id of the last deployment of an earlier run, if there was one: the site still lists it, and it may have the same package. */
  readonly formerId: string | undefined;
}

/** How a deployment ended. `mayRun`: the package may run although no success was reported. */
export type Deployed = { readonly deploymentId: string } | { readonly failure: string; readonly mayRun: boolean };

/**
 * Deploys a package to a function app on the Flex Consumption plan by "one deploy", the way of Azure's own tools
 * (azure-functions-core-tools, functions-action): publish to the app's deployment site, then follow the deployment to its
 * end. It waits for temporary obstacles (roles that propagate, another deployment, a site that is starting). After a publish without a
 * clear answer, it looks for the deployment that may have begun before it publishes again.
 */
export async function deployOnce(
  operation: Operation<AzureClient>,
  { siteId, scmHostName, zip, hash, formerId }: Package,
): Promise<Deployed> {
  const { client, signal, progress } = operation;
  const kudu = client.kudu(scmHostName, siteId);
  const deployer = `customerio-aep-${hash.slice(0, 16)}`;
  let mayRun = false;
  let unclear = false;
  try {
    const outcome = await checkPatiently<Deployed>(operation, publishPace, async () => {
      progress(`uploading the relay's code (${Math.ceil(zip.length / 1024)} KiB)`);
      const begun = unclear ? await findDeployment(kudu, { deployer, formerId }, signal) : undefined;
      const answer = begun ? { deployment: begun } : await kudu.publish(zip, deployer, signal);
      if ("notYet" in answer) {
        unclear = answer.uncertain ?? false;
        mayRun ||= unclear;
        return answer;
      }
      unclear = false;
      mayRun = true;
      const followed = await checkPatiently(operation, followPace, () => lookForEnd(kudu, answer.deployment, signal));
      if ("done" in followed) return judgeDeployment(kudu, followed.done, signal);
      return { done: { failure: `The deployment of the relay's code did not end ${followed.gaveUp}`, mayRun } };
    });
    return "done" in outcome
      ? outcome.done
      : { failure: `Azure did not accept the relay's code ${outcome.gaveUp}`, mayRun };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error), mayRun };
  }
}

/** The latest deployment, if the publish of this package began it and it has not failed; a failed one is reported by the next publish. */
async function findDeployment(
  kudu: Kudu,
  { deployer, formerId }: { readonly deployer: string; readonly formerId: string | undefined },
  signal: AbortSignal,
): Promise<Deployment | undefined> {
  const latest = await kudu.readDeployment("latest", signal);
  if ("notYet" in latest || latest.deployer !== deployer || latest.id === formerId) return undefined;
  return latest.state === "running" || latest.state === "success" ? latest : undefined;
}

/** Whether a deployment has ended. If the site returned no id, the deployment is its latest one. */
async function lookForEnd(kudu: Kudu, published: Partial<Deployment>, signal: AbortSignal): Promise<Check<Deployment>> {
  const { id = "latest", state, text } = published;
  // A 200 may describe a deployment that has already failed.
  if (state && state !== "running") return { done: { id, state, text } };
  const deployment = await kudu.readDeployment(id, signal);
  if ("notYet" in deployment) return deployment;
  if (deployment.state !== "running") return { done: deployment };
  const stage = deployment.text ? ` (${deployment.text})` : "";
  return { notYet: `Azure is deploying the relay's code${stage}` };
}

async function judgeDeployment(
  kudu: Kudu,
  { id, state, text }: Deployment,
  signal: AbortSignal,
): Promise<Check<Deployed>> {
  if (state === "success") return { done: { deploymentId: id } };
  if (state === "conflict") return { notYet: "waiting for another deployment to end" };
  const log = await kudu.readLog(id, signal);
  const said = [text && !log.includes(text) ? text : "", log].filter(Boolean).join("; ");
  if (lacksStorageAccess(said)) {
    return { notYet: "waiting for the app's role on its deployment container", detail: said };
  }
  const reason = said || "Azure gives no reason";
  return { done: { failure: `The deployment ${id} of the relay's code ended as "${state}": ${reason}`, mayRun: true } };
}
