import * as pulumi from "@pulumi/pulumi";
import { getPreflight } from "pulumi-aep";
import { getReportingWebhooks } from "pulumi-customerio";
import { platformProblems } from "../settings/platform-problems.ts";
import type { PlatformSettings } from "../settings/platform-settings.ts";
import type { Source } from "../settings/schema.ts";
import type { SettingWords } from "../settings/setting-words.ts";
import { findAzureProblems } from "./azure-preflight.ts";
import { refusalOf } from "./refusal.ts";
import type { AzureNeeds } from "./relay/azure/planned-relay.ts";
import { providerMistakes } from "./settings/provider-settings.ts";

/** What a stack needs from the vendors. */
export interface Needs extends AzureNeeds {
  readonly source: Source;
  readonly profile: Pick<PlatformSettings["profile"], "enabled">;
  /** Only the relay needs Azure. */
  readonly delivery: "relay" | "direct";
}

/**
 * Reads the settings, checks in Platform and Customer.io that everything exists that the source needs, and, for the
 * relay, logs in to Azure and checks that Azure would accept it; also in a preview. Problems with one vendor do not
 * hide those with others.
 *
 * @param source reads the settings, and throws a `pulumi.RunError` that names their mistakes
 * @param prepare asks the vendors what else the program needs to know. It begins before the answers of the checks are there, since an answer over
 *   the internet takes a while. Its error counts only if they find no problem.
 * @param parent the component with the providers to use; default: those of the stack
 * @returns the settings, and the result of `prepare`
 * @throws pulumi.RunError naming all mistakes and everything that is missing at once, each with its remedy
 */
export async function checkSettings<Settings extends Needs, Prepared>(
  source: { read(): Settings; readonly words: SettingWords },
  prepare: (settings: Settings) => Promise<Prepared>,
  parent?: pulumi.ComponentResource,
): Promise<[Settings, Prepared]> {
  const mistakes = providerMistakes();
  // The program's own providers check their settings themselves.
  const platform = parent?.getProvider("aep:index:Dataset") ? [] : mistakes.platform;
  const workspace = parent?.getProvider("customerio:index:ReportingWebhook") ? [] : mistakes.workspace;
  const wrong = [...platform, ...workspace];
  const asked = { platform: platform.length === 0, workspace: workspace.length === 0 };
  let settings: Settings | undefined;
  let refusal: string | undefined;
  try {
    settings = source.read();
  } catch (error) {
    if (!pulumi.RunError.isInstance(error)) throw error;
    refusal = error.message;
  }
  // The engine ends the program at the first question to a provider with invalid settings.
  const prepared = settings && wrong.length === 0 ? prepare(settings) : undefined;
  prepared?.catch(() => undefined);
  // If the settings can't be read, it is unknown what is needed, so only the credentials and the sandbox are checked.
  const { problems, unchecked } = await findProblems(settings, { asked, words: source.words }, parent);
  const all = [
    ...(refusal === undefined ? [] : [refusal]),
    ...(wrong.length > 0 ? [["The providers' settings can't be used:", ...wrong].join("\n  - ")] : []),
    ...problems,
  ];
  if (settings === undefined || prepared === undefined || all.length > 0) throw new pulumi.RunError(all.join("\n"));
  await warnOf(unchecked);
  return [settings, await prepared];
}

async function warnOf(unchecked: readonly string[]): Promise<void> {
  for (const reason of unchecked) await pulumi.log.warn(`Not checked beforehand: ${reason}`);
}

/** The engine answers with nothing for a provider with settings that a preview does not know. */
const unknownProvider =
  "This preview can't ask Experience Platform, since settings of the program's provider aep are known only after an update. Give it " +
  "values that are known when the program runs, such as the stack's configuration, or continue without a preview: npx pulumi up --skip-preview";

interface Found {
  /** One message for each vendor with problems: a sentence, and the list that belongs to it. */
  readonly problems: string[];
  readonly unchecked: readonly string[];
}

/**
 * @param needs undefined if the settings can't be read
 * @param options.asked the vendors to ask: the engine ends the program at once if a provider's settings are invalid
 */
async function findProblems(
  needs: Needs | undefined,
  {
    asked,
    words,
  }: { readonly asked: { readonly platform: boolean; readonly workspace: boolean }; readonly words: SettingWords },
  parent: pulumi.ComponentResource | undefined,
): Promise<Found> {
  const ask = parent && { parent };
  // Azure first: the engine starts one provider after another, and Azure's checks need the answer of its login.
  const ofAzure =
    needs?.delivery === "relay" ? findAzureProblems(needs, words, parent) : { problems: [], unchecked: [] };
  const preflight = asked.platform ? getPreflight({ profile: needs?.profile.enabled ?? false }, ask) : undefined;
  const webhooks = asked.workspace ? getReportingWebhooks(ask) : undefined;
  const [closed, refusal, azure] = await Promise.all([
    preflight && refusalOf(preflight),
    webhooks && refusalOf(webhooks),
    ofAzure,
  ]);
  const report = closed === undefined ? await preflight : undefined;
  const isUnknown = report !== undefined && !("sandboxState" in report);
  const missing = report === undefined || isUnknown ? [] : platformProblems(report, needs?.source, words);
  const all = [
    ...(closed === undefined ? [] : [["Experience Platform refuses this stack's access", closed]]),
    ...(missing.length > 0 ? [["Experience Platform lacks what this stack needs", ...missing]] : []),
    ...(refusal === undefined ? [] : [["Customer.io refuses this stack's access", refusal]]),
    ...(azure.problems.length === 0 ? [] : [["Azure refuses this stack's access", ...azure.problems]]),
  ];
  return {
    problems: [
      ...(isUnknown ? [unknownProvider] : []),
      ...all.map(([what, ...list]) => [`${what}, so nothing was changed:`, ...list].join("\n  - ")),
    ],
    unchecked: [...(report?.unchecked ?? []), ...azure.unchecked],
  };
}
