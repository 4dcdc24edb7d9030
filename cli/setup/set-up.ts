import path from "node:path";
import { operatorCommand, pulumiCommand } from "../../relay/core/operator-command.ts";
import { UsageError } from "../command/usage-error.ts";
import type { Progress } from "../output/progress.ts";
import { Answers } from "./answers.ts";
import { setUpDelivery } from "./azure-step.ts";
import { setUpCustomerIo } from "./customer-io-step.ts";
import { setUpPlatform } from "./platform-step.ts";
import { createProject, type Project, projectNameFor, readProject } from "./project.ts";
import type { Prompter } from "./prompter.ts";
import { PulumiSession } from "./pulumi-session.ts";
import { SetupRun } from "./setup-run.ts";
import { writeSettings } from "./write-settings.ts";

/** What a setup needs to know beforehand. */
export interface SetupWishes {
  /** Default: the current folder. */
  readonly folder: string | undefined;
  readonly stack: string | undefined;
  /** In place of `Pulumi.<stack>.yaml`. */
  readonly configFile: string | undefined;
  readonly template: "typescript" | "yaml" | undefined;
  readonly backend: string | undefined;
  readonly skipsPreview: boolean;
  /** Values of the questions' options, by the options' names. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Whether the output of other programs goes to standard error. */
  readonly isQuiet: boolean;
}

/** What a setup has done. */
export interface SetupResult {
  readonly project: string;
  readonly stack: string;
  /** Whether the project, or the stack, was created. */
  readonly madeProject: boolean;
  readonly madeStack: boolean;
  /** Keys of the settings that were written. */
  readonly written: string[];
  /** What is missing at a service, each with its remedy. */
  readonly problems: string[];
  readonly preview: "passed" | "failed" | "skipped";
}

/** How a setup talks to its user. */
interface SetupPorts {
  /** Undefined if there is nobody to ask. */
  readonly prompter: Prompter | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly print: (...lines: string[]) => void;
  readonly progress: Progress;
}

const defaultStack = "dev";

/**
 * Creates the project if the folder has none, asks for missing settings, tests each credential, writes all settings at
 * once, and runs a preview.
 *
 * @returns undefined if the user decided to write nothing
 * @throws UsageError that lists what is missing, if there is nobody to ask
 */
export async function setUp(wishes: SetupWishes, ports: SetupPorts): Promise<SetupResult | undefined> {
  const { prompter, print } = ports;
  const folder = path.resolve(wishes.folder ?? ".");
  const { project, isMade } = await findProject(folder, wishes, ports);
  const pulumi = new PulumiSession(folder, wishes.configFile);
  const missing = [await pulumi.open(wishes.backend, prompter)];
  const { names, selected } = missing[0] === undefined ? await pulumi.stacks() : { names: [], selected: undefined };
  const stack = wishes.stack ?? selected ?? (await askForStack(prompter));
  const isNew = !names.some((name) => name === stack || name.endsWith(`/${stack}`));
  missing.push(await pulumi.unlock(stack, isNew, prompter));
  const stored = isNew || missing.some((line) => line !== undefined) ? {} : await pulumi.settings(stack, project.name);

  const answers = new Answers({ options: wishes.options, stored, environment: ports.environment, prompter });
  const { readsSettings } = project;
  const run = new SetupRun({ answers, prompter, readsSettings, stored, print, progress: ports.progress });
  print(`Project ${project.name}, stack ${stack}${isNew ? " (new)" : ""}`);
  takeOwnOptions(run);
  await setUpPlatform(run);
  await setUpCustomerIo(run);
  await setUpDelivery(run);

  const lacking = [...missing.filter((line) => line !== undefined), ...answers.missing];
  if (lacking.length > 0) {
    throw new UsageError(["Nothing was written, since this is missing:", ...lacking, ...run.refusals].join("\n  - "));
  }
  if (run.refusals.length > 0 && prompter === undefined) {
    throw new Error(["Nothing was written, since a service refuses its credential:", ...run.refusals].join("\n  - "));
  }
  const changes = answers.changes();
  if (!(await isConfirmed(run, changes))) return undefined;
  await pulumi.keepLogin();
  await writeSettings(pulumi, { stack, isNew, changes });
  print(
    changes.length === 0
      ? "The stack has all settings already."
      : `Wrote ${changes.length} settings of the stack ${stack}.`,
  );
  const preview = wishes.skipsPreview ? "skipped" : await previewStack(pulumi, stack, wishes.isQuiet);
  const { askedForPassphrase } = pulumi;
  printEnd({ print, problems: run.problems, preview, askedForPassphrase, target: { stack, folder: wishes.folder } });
  return {
    ...{ project: project.name, stack, madeProject: isMade, madeStack: isNew, preview },
    ...{ written: changes.map(({ question }) => question.key), problems: run.problems },
  };
}

async function findProject(
  folder: string,
  { template, isQuiet }: SetupWishes,
  { prompter, print }: SetupPorts,
): Promise<{ project: Project; isMade: boolean }> {
  const found = await readProject(folder);
  if (found) return { project: found, isMade: false };
  const name = projectNameFor(folder);
  const chosen =
    template ??
    ((await prompter?.choose({
      message: `${folder} has no Pulumi project. Create one in`,
      choices: [
        {
          value: "typescript",
          name: "TypeScript",
          description: "A program of a few lines that reads every setting from the stack.",
        },
        { value: "yaml", name: "YAML", description: "Arguments other than credentials are written into Pulumi.yaml." },
      ],
    })) as "typescript" | "yaml" | undefined) ??
    "typescript";
  await createProject(folder, { template: chosen, name, isQuiet, print });
  const project = await readProject(folder);
  if (project === undefined) throw new Error(`${folder} has no Pulumi.yaml any more.`);
  return { project, isMade: true };
}

async function askForStack(prompter: Prompter | undefined): Promise<string> {
  const check = (text: string) => (/^[\w./-]+$/.test(text.trim()) ? undefined : "a name has letters, digits, - and _");
  const typed = await prompter?.text({ message: "Stack (one for each environment)", default: defaultStack, check });
  return typed?.trim() ?? defaultStack;
}

/** Settings that are only written if an option asks for them. */
function takeOwnOptions({ answers, readsSettings }: SetupRun): void {
  const asked = answers.ownOptions();
  if (readsSettings || asked.length === 0) return;
  throw new UsageError(
    `${asked.map((option) => `--${option}`).join(", ")}: the program of this folder does not read this setting from the stack. Write it into the ` +
      "program, or let the program use StackSettings.",
  );
}

async function isConfirmed(run: SetupRun, changes: ReturnType<Answers["changes"]>): Promise<boolean> {
  if (run.prompter === undefined || changes.length === 0) return true;
  run.report("These settings will be written:");
  for (const { question, value } of changes)
    run.report(`  ${question.key} = ${question.isSecret ? "[secret]" : value}`);
  const isRefused = run.refusals.length > 0;
  const message = isRefused ? "A service refuses its credential. Write the settings anyway?" : "Write them?";
  return run.prompter.confirm({ message, default: !isRefused });
}

async function previewStack(pulumi: PulumiSession, stack: string, isQuiet: boolean): Promise<"passed" | "failed"> {
  return (await pulumi.show(isQuiet, "preview", ...pulumi.choose(stack))) === 0 ? "passed" : "failed";
}

function printEnd({
  print,
  problems,
  preview,
  askedForPassphrase,
  target,
}: {
  print: (...lines: string[]) => void;
  problems: readonly string[];
  preview: SetupResult["preview"];
  askedForPassphrase: boolean;
  target: { stack: string; folder: string | undefined };
}): void {
  if (problems.length > 0) print("", "Still missing:", ...problems.map((problem) => `  - ${problem}`));
  if (askedForPassphrase) {
    print("", "The passphrase is stored nowhere. For the commands below, put it into the environment of your shell:");
    print("  read -rs PULUMI_CONFIG_PASSPHRASE; export PULUMI_CONFIG_PASSPHRASE");
  }
  if (preview === "failed") {
    print("", `The preview above lists what is missing. Once you have added it: ${pulumiCommand("preview", target)}`);
    return;
  }
  print(
    "",
    "Next:",
    `  1. ${pulumiCommand("up", target)}`,
    `  2. ${operatorCommand("signing-key", target)}`,
    `  3. ${operatorCommand("status", target)}`,
  );
}
