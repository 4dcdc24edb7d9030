import * as pulumi from "@pulumi/pulumi";
import { countEventQueues } from "../../../relay/core/names.ts";
import { getQueueNames } from "../../../relay/deploy/sdk.ts";
import type { SettingWords } from "../../../settings/setting-words.ts";
import { refusalOf } from "../../refusal.ts";

/**
 * Refuses to give a relay fewer queues than Azure has: events may wait in the others, or arrive there until all instances have the new
 * settings, and no function would read them any more. Azure is asked, since an interrupted `up` may have added queues. If it does not answer,
 * a preview only warns.
 *
 * @param parent whose providers are asked
 * @throws pulumi.RunError if there are more queues, with the remedy; in an `up` also what Azure says instead of the queues
 */
export async function refuseFewerQueues(
  { accountId, wanted, words }: { accountId: string; wanted: number; words: SettingWords },
  parent: pulumi.Resource,
): Promise<void> {
  const found = getQueueNames({ accountId }, { parent });
  const refused = await refusalOf(found);
  if (refused !== undefined) {
    if (!pulumi.runtime.isDryRun()) throw new pulumi.RunError(refused);
    return pulumi.log.warn(`Not checked beforehand: ${refused}`);
  }
  const existing = countEventQueues((await found).names);
  if (existing <= wanted) return;
  throw new pulumi.RunError(
    `The relay has ${existing} queues of events, and can't have fewer: events may wait in the others, which no function would read any ` +
      `more. Keep them: ${words.set("eventQueues", String(existing))}. Only a new relay can have fewer queues (docs/tasks/replace.md).`,
  );
}
