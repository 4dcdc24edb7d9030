import { ReportingWebhooks } from "pulumi-customerio/client";
import { config } from "pulumi-customerio/settings";
import { VendorError } from "pulumi-provider-kit/http";
import { stackWords } from "../../settings/setting-words.ts";
import { questions } from "./questions.ts";
import { type SetupRun, settingsFrom } from "./setup-run.ts";

/** Customer.io's App API key, which belongs to one workspace, and the account's region. */
export async function setUpCustomerIo(run: SetupRun): Promise<void> {
  const { answers } = run;
  if ((await answers.text(questions.appApiKey)) === undefined) return;
  const found = await run.untilAccepted([questions.appApiKey], "Customer.io", () => findRegion(run));
  if (found === undefined) return;
  const { region, webhooks, enabled, workspaces } = found;
  answers.use(questions.region, region);
  const [only, ...others] = workspaces;
  const which = only !== undefined && others.length === 0 ? `the workspace ${only}` : "its workspace";
  run.report(`Customer.io accepts the key for ${which}, in the region ${region}.`);
  if (others.length > 0) {
    run.report(
      `The account has the workspaces ${workspaces.join(", ")}. Customer.io does not say which one a key belongs to; this one has ` +
        (webhooks.length === 0 ? "no reporting webhook yet." : `the reporting webhooks ${webhooks.join(", ")}.`),
    );
    const message = "Is that the workspace whose events you want? (No: enter another key)";
    const isFirst = run.stored[questions.appApiKey.key] === undefined;
    if (isFirst && run.prompter && !(await run.prompter.confirm({ message, default: true }))) {
      await answers.ask(questions.appApiKey);
      await setUpCustomerIo(run);
      return;
    }
  }
  reportSharedDataset(run, enabled);
}

/** Two stacks that send the events of one workspace to one dataset fill it twice, such as if one has a copy of the other's settings. */
function reportSharedDataset(run: SetupRun, enabled: readonly string[]): void {
  const dataset = run.answers.find(questions.dataset);
  if (!run.isNew || dataset === undefined || enabled.length === 0) return;
  run.report(
    `The stack will fill the existing dataset ${dataset}. If the webhook of another stack sends this workspace's events there already ` +
      `(${enabled.join(", ")}), each event will arrive twice. Then use another workspace or dataset, or keep this stack's webhook disabled: ` +
      stackWords("").set("webhook.disabled", "true"),
  );
}

interface Workspace {
  readonly region: string;
  /** Names of its reporting webhooks. */
  readonly webhooks: string[];
  /** Names of those that are enabled. */
  readonly enabled: string[];
  /** Names of all of the account's workspaces. */
  readonly workspaces: string[];
}

/** A key works only in its own region, so if one region refuses it, the other is tried. */
async function findRegion(run: SetupRun): Promise<Workspace> {
  const given = run.answers.find(questions.region) ?? "us";
  try {
    return await readWorkspace(run, given);
  } catch (error) {
    if (!(error instanceof VendorError && error.status === 401)) throw error;
    const other = given === "us" ? "eu" : "us";
    return await readWorkspace(run, other).catch(() => {
      throw error;
    });
  }
}

async function readWorkspace(run: SetupRun, region: string): Promise<Workspace> {
  const client = new ReportingWebhooks(settingsFrom(run, "customerio", config, { region }));
  const webhooks = await client.list(run.timeLimit());
  // Only for the person's orientation.
  const workspaces = await client.listWorkspaceNames(run.timeLimit()).catch(() => []);
  const namesOf = (some: typeof webhooks) => some.map(({ name }) => `"${name}"`);
  const enabled = webhooks.filter(({ disabled }) => !disabled);
  return { region, webhooks: namesOf(webhooks), enabled: namesOf(enabled), workspaces };
}
