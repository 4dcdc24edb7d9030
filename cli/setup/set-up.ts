import { existsSync } from "node:fs";
import path from "node:path";
import type { CommandTarget } from "../../relay/core/operator-command.ts";
import { projectNameProblem } from "../../settings/checks/project-name.ts";
import { stackWords } from "../../settings/setting-words.ts";
import { UsageError } from "../command/usage-error.ts";
import { Interruption, stopOnInterrupt } from "../interrupt.ts";
import type { Progress } from "../output/progress.ts";
import { explainMissingPulumi } from "../stack/pulumi.ts";
import { nameSettingsFile } from "../stack/settings-file.ts";
import { Answers } from "./answers.ts";
import { setUpDelivery } from "./azure-step.ts";
import { setUpCustomerIo } from "./customer-io-step.ts";
import { type Left, type PreviewOutcome, printEnd, wordsAfterFailure, wordsAfterStop } from "./ending.ts";
import { setUpPlatform } from "./platform-step.ts";
import { createProject, type Project, projectNameFor, readProject } from "./project.ts";
import { isInterruption, type Prompter } from "./prompter.ts";
import { PulumiSession } from "./pulumi/pulumi-session.ts";
import type { SettingsRead } from "./pulumi/setting-texts.ts";
import { writeSettings } from "./pulumi/write-settings.ts";
import { questions } from "./questions.ts";
import { SetupRun } from "./setup-run.ts";

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
  readonly preview: PreviewOutcome;
}

/** How a setup talks to its user. */
interface SetupPorts {
  /** Undefined if there is nobody to ask. */
  readonly prompter: Prompter | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly print: (...lines: string[]) => void;
  readonly progress: Progress;
}

/** The same while it runs. */
interface RunPorts extends SetupPorts {
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  readonly left: Left;
}

const defaultStack = "dev";
const nothingRead: SettingsRead = { texts: {}, hidden: [] };

/**
 * Creates the project if the folder has none, asks for missing settings, tests each credential, writes all settings at
 * once, and runs a preview.
 *
 * @throws UsageError that lists what is missing, if there is nobody to ask
 * @throws Interruption after Ctrl-C, or if the user decided to write nothing; it says what is left behind, and how to continue
 */
export async function setUp(wishes: SetupWishes, ports: SetupPorts): Promise<SetupResult> {
  const left: Left = {};
  const { signal, done } = stopOnInterrupt();
  try {
    return await goThrough(wishes, { ...ports, signal, left });
  } catch (error) {
    if (isInterruption(error) || signal.aborted) {
      throw new Interruption(wordsAfterStop(left, targetOf(wishes)), isInterruption(error) ? {} : { cause: error });
    }
    // A setup that fails as a whole looks as if it had left nothing.
    if (error instanceof Error && left.project !== undefined) error.message += `\n${wordsAfterFailure(left.project)}`;
    throw error;
  } finally {
    done();
  }
}

async function goThrough(wishes: SetupWishes, ports: RunPorts): Promise<SetupResult> {
  const { prompter, print, progress, signal, left } = ports;
  const { pulumi, project, isMade, stack, isNew, missing, found } = await openStack(wishes, ports);
  const stored = found.texts;
  if (signal.aborted) throw new Interruption();

  const report = (line: string) => print(`  ${line}`);
  const answers = new Answers({ options: wishes.options, stored, environment: ports.environment, prompter, report });
  const { readsSettings } = project;
  const run = new SetupRun({ answers, prompter, readsSettings, isNew, stored, print, progress, signal });
  print(`Project ${project.name}, stack ${stack}${isNew ? " (new)" : ""}`);
  reportHidden(run, pulumi.settingsFile(stack), found.hidden);
  takeOwnOptions(run);
  await setUpPlatform(run);
  await setUpCustomerIo(run);
  await setUpDelivery(run);
  reportUnusedVariables(run);

  requireAnswers(run, missing);
  const changes = answers.changes();
  if (!(await isConfirmed(run, changes))) throw new Interruption();
  await writeSettings(pulumi, { stack, isNew, changes });
  left.stack = stack;
  await pulumi.keepLogin();
  print(
    changes.length === 0
      ? "The stack already has all settings."
      : `Wrote ${changes.length} settings to the stack ${stack}.`,
  );
  const preview = wishes.skipsPreview ? "skipped" : await previewStack(pulumi, stack, wishes.isQuiet);
  if (signal.aborted) throw new Interruption();
  const { askedForPassphrase } = pulumi;
  const hasRelay = answers.find(questions.delivery) !== "direct";
  const target = { ...targetOf(wishes), stack };
  printEnd({ print, problems: run.problems, preview, hasRelay, askedForPassphrase, target });
  return {
    project: project.name,
    stack,
    madeProject: isMade,
    madeStack: isNew,
    preview,
    written: changes.map(({ question }) => question.key),
    problems: run.problems,
  };
}

/** The stack to set up, which may have to be created. */
interface OpenedStack {
  readonly pulumi: PulumiSession;
  readonly project: Project;
  /** Whether the project was created. */
  readonly isMade: boolean;
  readonly stack: string;
  readonly isNew: boolean;
  /** What Pulumi lacks, in words. */
  readonly missing: readonly string[];
  /** Nothing if Pulumi lacks something. */
  readonly found: SettingsRead;
}

/** Starts Pulumi, finds or creates the project, and reads the stack's settings. */
async function openStack(wishes: SetupWishes, ports: RunPorts): Promise<OpenedStack> {
  const { prompter, progress } = ports;
  const folder = path.resolve(wishes.folder ?? ".");
  const pulumi = new PulumiSession(folder, wishes.configFile);
  const starting = "starting Pulumi, whose first start downloads its engine";
  const isInstalled = await progress.showWhile(starting, pulumi.start());
  const { project, isMade } = await findProject(folder, wishes, ports);
  // A program whose settings are arguments may have such a name.
  const nameProblem = project.readsSettings ? projectNameProblem(project.name) : undefined;
  if (nameProblem !== undefined) throw new UsageError(nameProblem);
  pulumi.keepSettingsIn(project.settingsFolder);
  // npm installs that of a new project, which then comes before one on the PATH.
  const isFound = isInstalled && !isMade;
  if (!isFound && !(await progress.showWhile(starting, pulumi.start()))) throw await explainMissingPulumi(folder);
  const noBackend = await pulumi.open(wishes.backend, prompter);
  const hasBackend = noBackend === undefined;
  const { names, selected } = hasBackend ? await pulumi.stacks() : { names: [], selected: undefined };
  const stack = wishes.stack ?? selected ?? (await askForStack(prompter));
  const isNew = !names.includes(stack) && !(hasBackend && (await pulumi.hasStack(stack)));
  const noPassphrase = await pulumi.unlock(stack, isNew, prompter);
  const missing = [noBackend, noPassphrase].filter((line) => line !== undefined);
  // Until the file can be read, nobody knows which settings it lacks.
  if (missing.length > 0 && existsSync(pulumi.settingsFile(stack))) throw missingError(missing);
  const found =
    missing.length === 0 ? await pulumi.settings({ stack, isNew, project: project.name }, prompter) : nothingRead;
  return { pulumi, project, isMade, stack, isNew, missing, found };
}

/** @throws if something is missing, or if a service refuses a credential and nobody can be asked whether to write it anyway */
function requireAnswers({ answers, prompter, refusals }: SetupRun, missing: readonly string[]): void {
  const lacking = [...missing, ...answers.missing];
  if (lacking.length > 0) throw missingError([...lacking, ...refusals]);
  if (refusals.length > 0 && prompter === undefined) {
    throw new Error(["No setting was written, since a service refuses the credential:", ...refusals].join("\n  - "));
  }
}

function missingError(lines: readonly string[]): UsageError {
  return new UsageError(["No setting was written, since this is missing:", ...lines].join("\n  - "));
}

/** Variables that a person may have set to correct a setting. */
function reportUnusedVariables(run: SetupRun): void {
  const words = stackWords("");
  for (const { key, environment, isSecret } of run.answers.unusedVariables()) {
    const remedy = isSecret ? words.setSecret(key) : words.set(key, "<value>");
    run.report(`${environment} was not used, since the stack has another value of ${key}. To change that: ${remedy}`);
  }
}

/** Secrets in the file of a new stack that it can't decrypt. */
function reportHidden(run: SetupRun, file: string, hidden: readonly string[]): void {
  if (hidden.length === 0) return;
  run.report(
    `${file} has secrets that Pulumi Cloud encrypted for another stack, and that this one can't decrypt: ${hidden.join(", ")}. Replace ` +
      `those that are not asked for here, or remove them: ${stackWords("").remove("<setting>")}`,
  );
}

async function findProject(
  folder: string,
  { template, isQuiet }: SetupWishes,
  { prompter, print, left }: RunPorts,
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
  left.project = folder;
  const project = await readProject(folder);
  if (project === undefined) throw new Error(`${folder} no longer has a Pulumi.yaml.`);
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
  for (const { question, value } of changes) {
    run.report(`  ${question.key} = ${question.isSecret ? "[secret]" : value}`);
  }
  const isRefused = run.refusals.length > 0;
  const message = isRefused ? "A service refuses the credential. Write the settings anyway?" : "Write them?";
  return run.prompter.confirm({ message, default: !isRefused });
}

async function previewStack(pulumi: PulumiSession, stack: string, isQuiet: boolean): Promise<"passed" | "failed"> {
  return (await pulumi.show(isQuiet, "preview", ...pulumi.choose(stack))) === 0 ? "passed" : "failed";
}

/** The stack that printed commands name. */
function targetOf({ stack, folder, configFile }: SetupWishes): CommandTarget {
  return { stack, folder, configFile: nameSettingsFile(folder, configFile) };
}
