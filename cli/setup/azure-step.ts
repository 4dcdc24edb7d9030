import { z } from "zod";
import { regionsApiVersion, subscriptionsApiVersion } from "../../relay/deploy/api-versions.ts";
import { AzureClient } from "../../relay/deploy/client/client.ts";
import { config } from "../../relay/deploy/config.ts";
import { normalizeRegion } from "../../relay/deploy/region-name.ts";
import { countOf } from "../output/count-of.ts";
import { questions } from "./questions.ts";
import { type SetupRun, settingsFrom } from "./setup-run.ts";

const subscriptions = z.object({ value: z.array(z.object({ subscriptionId: z.string(), displayName: z.string() })) });
const regions = z.object({ value: z.array(z.object({ name: z.string() })) });

/** With or without the relay, and where in Azure it is. */
export async function setUpDelivery(run: SetupRun): Promise<void> {
  const { answers } = run;
  const delivery =
    run.isAsking && run.readsSettings
      ? await answers.choice(questions.delivery, [
          {
            value: "relay",
            name: "With the relay in Azure (recommended)",
            description: "It checks, holds and replays events.",
          },
          {
            value: "direct",
            name: "Straight to Platform",
            description: "For trials: nothing in Azure, and no check of signatures.",
          },
        ])
      : (answers.find(questions.delivery) ?? "relay");
  if (delivery === "direct") return;
  await setUpAzure(run);
  if (!run.readsSettings) return;
  if (run.isAsking) {
    await answers.choice(questions.environment, [
      { value: "dev", name: "dev", description: "Cheap, and quick to destroy." },
      {
        value: "prod",
        name: "prod",
        description: "Events in several zones, recoverable, and protected against deletion by mistake.",
      },
    ]);
    await askForAlertEmail(run);
  } else {
    answers.find(questions.environment);
    answers.find(questions.alertEmail);
  }
}

async function askForAlertEmail({ answers, prompter, stored }: SetupRun): Promise<void> {
  const { alertEmail, location } = questions;
  // Having none is not a setting, so only a first run asks.
  if (answers.find(alertEmail) !== undefined || prompter === undefined || stored[location.key] !== undefined) return;
  const check = (text: string) =>
    text.trim() === "" || alertEmail.schema.safeParse(text.trim()).success ? undefined : "it is not an e-mail address";
  const email = (await prompter.text({ message: `${alertEmail.message} (empty: none)`, check })).trim();
  if (email !== "") answers.use(alertEmail, email);
}

async function setUpAzure(run: SetupRun): Promise<void> {
  const { answers } = run;
  const azure = new AzureClient(settingsFrom(run, "customerio-aep", config));
  const listed = await run.untilAccepted([], "Azure", () => listSubscriptions(run, azure));
  const given = answers.find(questions.subscription);
  if (listed === undefined) {
    await answers.text(questions.location, "westeurope");
    return;
  }
  run.report(`Azure accepts your login, which sees ${countOf(listed.length, "subscription")}.`);
  const [first, ...others] = listed;
  if (first === undefined) {
    run.problem("Your Azure login sees no subscription. Log in as a user who may use one: az login");
    return;
  }
  const choices = listed.map(({ subscriptionId, displayName }) => ({
    value: subscriptionId,
    name: displayName,
    description: subscriptionId,
  }));
  const chosen =
    given ??
    (others.length === 0
      ? answers.use(questions.subscription, first.subscriptionId)
      : // Without a person, the login's subscription applies.
        run.isAsking && (await answers.choice(questions.subscription, choices)));
  const isListed = listed.some(({ subscriptionId }) => subscriptionId === chosen);
  if (chosen && !isListed && !(await isOfAnotherTenant(run, azure, chosen))) {
    run.problem(
      `Your Azure login does not see the subscription ${chosen}. Choose another one, or log in as a user who may use it: az login`,
    );
    return;
  }
  await chooseRegion(run, azure, chosen || first.subscriptionId);
}

/** Whether the login sees a subscription that is not in the list. Azure CLI may be logged in to several tenants; the list is of one. */
async function isOfAnotherTenant(run: SetupRun, azure: AzureClient, subscriptionId: string): Promise<boolean> {
  const path = `/subscriptions/${subscriptionId}`;
  const purpose = "read the subscription";
  return azure.query({ path, apiVersion: subscriptionsApiVersion, purpose }, z.object({}), run.timeLimit()).then(
    () => true,
    () => false,
  );
}

async function chooseRegion(run: SetupRun, azure: AzureClient, subscriptionId: string): Promise<void> {
  const asked = {
    path: `/subscriptions/${subscriptionId}/providers/Microsoft.Web/geoRegions`,
    apiVersion: regionsApiVersion,
    params: { sku: "FlexConsumption" },
    purpose: "list the regions that offer Flex Consumption",
  };
  const answer = await run.findOut("asking Azure for its regions", azure.query(asked, regions, run.timeLimit()));
  const offered = answer?.value.map(({ name }) => normalizeRegion(name));
  if (offered === undefined) {
    await run.answers.text(questions.location, "westeurope");
    return;
  }
  const choices = offered.toSorted().map((name) => ({ value: name, name }));
  const location = await run.answers.choice(questions.location, choices, "westeurope");
  if (location !== undefined && !offered.includes(normalizeRegion(location))) {
    run.problem(
      `The region ${location} does not offer the plan Flex Consumption. Those that do: ${offered.toSorted().join(", ")}`,
    );
  }
}

async function listSubscriptions(run: SetupRun, azure: AzureClient) {
  const purpose = "list the subscriptions that your login may use";
  const { value } = await azure.query(
    { path: "/subscriptions", apiVersion: subscriptionsApiVersion, purpose },
    subscriptions,
    run.timeLimit(),
  );
  return value;
}
