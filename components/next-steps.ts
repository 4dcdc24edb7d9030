import { operatorCommand } from "../relay/core/operator-command.ts";
import type { SettingWords } from "../settings/setting-words.ts";
import { listAlertsToSubscribe } from "./platform/platform-alerts.ts";

/**
 * What an operator still has to do after the first `up`, with the screen of each vendor. The App API never returns the
 * signing key, so it has to be copied once; Platform has no API for alert subscriptions; and the operators decide who
 * may read the relay's data.
 *
 * @param title the webhook's name in Customer.io
 * @param ids.queueId Azure's id of a queue in the relay's storage account
 */
export function listNextSteps(
  title: string,
  { dataflowId, queueId }: { dataflowId: string; queueId: string },
  words: SettingWords,
): string[] {
  const [accountId = ""] = queueId.split("/queueServices/");
  const [alerts = ""] = listAlertsToSubscribe(dataflowId);
  return [
    `In Customer.io (https://fly.customer.io), open Data & Integrations > Integrations > Reporting Webhooks, and in the three-dots menu of "${title}" choose "Copy signing key".`,
    `Run ${operatorCommand("signing-key")}: it asks for the key, stores it encrypted, runs npx pulumi up, and waits for a test event: press "Send ` +
      `test" for "${title}". Or, step by step: ${words.setSecret("signingKeys")}, npx pulumi up, "Send test", and ${operatorCommand("status")}`,
    `In Experience Platform (https://experience.adobe.com), subscribe to alerts: ${alerts}`,
    `In Azure (https://portal.azure.com/#resource${accountId}/overview), under Access control (IAM), give operators the roles to read queues and ` +
      `dead letters. To see whether one is missing: ${operatorCommand("status")}`,
  ];
}
