import { AepClient, listDatasets, listEventSchemas, listSandboxes } from "pulumi-aep/client";
import { getPreflight } from "pulumi-aep/preflight";
import { config } from "pulumi-aep/settings";
import { platformProblems } from "../../settings/platform-problems.ts";
import type { Source } from "../../settings/schema.ts";
import { stackWords } from "../../settings/setting-words.ts";
import { countOf } from "../output/count-of.ts";
import type { Choice } from "./prompter.ts";
import { questions } from "./questions.ts";
import { type SetupRun, settingsFrom } from "./setup-run.ts";

const credential = [questions.clientId, questions.clientSecret, questions.orgId] as const;
/** Every organization has this one. The list of sandboxes belongs to no sandbox, but each call has to name one. */
const anySandbox = "prod";
/** More than a person reads. */
const mostChoices = 300;

/** Adobe's credential, the sandbox, and what it offers. */
export async function setUpPlatform(run: SetupRun): Promise<void> {
  for (const question of credential) await run.answers.text(question);
  const sandboxes = await run.untilAccepted(credential, "Adobe", async () =>
    listSandboxes(clientFor(run, anySandbox), run.timeLimit()),
  );
  if (sandboxes === undefined) return;
  run.report(`Adobe accepts the credential, which may use ${countOf(sandboxes.length, "sandbox", "sandboxes")}.`);
  const choices = sandboxes.map(({ name, title, type, state }) => ({
    value: name,
    name: title && title !== name ? `${name} (${title})` : name,
    description: [type, state].filter(Boolean).join(", "),
  }));
  if (choices.length === 0) {
    run.problem(
      "The credential may use no sandbox. In Platform, open Permissions > Roles, choose a role with the sandbox, and add the credential under API Credentials.",
    );
    return;
  }
  const sandbox = await chooseSandbox(run, choices);
  if (sandbox === undefined) return;
  const client = clientFor(run, sandbox);
  await checkSandbox(run, client);
  // Creating a dataset is not a setting, so only a first run asks.
  const isFirst = run.stored[questions.sandbox.key] === undefined;
  if (run.isAsking && run.readsSettings && isFirst) await chooseDataset(run, client);
}

/** The sandbox that was given, even if the credential may not use it yet; a person chooses again then. */
async function chooseSandbox(run: SetupRun, choices: readonly Choice[]): Promise<string | undefined> {
  const first = choices.find(({ value }) => value !== "prod")?.value;
  const sandbox = await run.answers.choice(questions.sandbox, choices, first);
  const names = choices.map(({ value }) => value);
  if (sandbox === undefined || names.includes(sandbox)) return sandbox;
  run.report(`The credential may not use the sandbox ${sandbox}, only: ${names.join(", ")}`);
  const { message } = questions.sandbox;
  if (run.prompter === undefined) return sandbox;
  return run.answers.use(questions.sandbox, await run.prompter.choose({ message, choices, default: first }));
}

async function checkSandbox(run: SetupRun, client: AepClient): Promise<void> {
  const report = await run.findOut("asking Platform", getPreflight.call(client, { profile: false }, run.timeLimit()));
  if (report === undefined) return;
  for (const reason of report.unchecked) run.report(`Not checked: ${reason}`);
  const isOnlyHttp = report.customerIoSource === "absent" && report.httpSource === "offered";
  const chosen = run.answers.find(questions.source) as Source | undefined;
  if (isOnlyHttp && chosen !== "http" && run.readsSettings) {
    const message =
      "The sandbox does not offer Adobe's source for Customer.io, a beta. Use the HTTP API source instead?";
    if (await run.prompter?.confirm({ message, default: true })) run.answers.use(questions.source, "http");
  }
  const source = (run.answers.find(questions.source) as Source | undefined) ?? "customerio";
  const problems = platformProblems(report, source, stackWords(""));
  for (const problem of problems) run.problem(problem);
  if (problems.length === 0) run.report(`The sandbox ${client.sandbox} has everything that the source needs.`);
}

async function chooseDataset(run: SetupRun, client: AepClient): Promise<void> {
  const { answers, prompter } = run;
  if (prompter === undefined) return;
  if (answers.find(questions.dataset) !== undefined || answers.find(questions.schema) !== undefined) return;
  const datasets = (await run.findOut("listing the datasets", listDatasets(client, run.timeLimit()))) ?? [];
  const make = { value: "", name: "Create one (recommended)" };
  const list = (found: readonly { id: string; name: string }[]) =>
    found.slice(0, mostChoices).map(({ id, name }) => ({ value: id, name, description: id }));
  const dataset = await prompter.choose({ message: "Platform: dataset", choices: [make, ...list(datasets)] });
  if (dataset !== "") {
    answers.use(questions.dataset, dataset);
    return;
  }
  const schemas = (await run.findOut("listing the schemas", listEventSchemas(client, run.timeLimit()))) ?? [];
  if (schemas.length === 0) return;
  const schema = await prompter.choose({
    message: "Platform: schema of the dataset",
    choices: [make, ...list(schemas)],
  });
  if (schema !== "") answers.use(questions.schema, schema);
}

function clientFor(run: SetupRun, sandbox: string): AepClient {
  return new AepClient(settingsFrom(run, "aep", config, { sandbox }));
}
