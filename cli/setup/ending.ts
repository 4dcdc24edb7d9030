import { type CommandTarget, operatorCommand, pulumiCommand } from "../../relay/core/operator-command.ts";

const rolesStep =
  "Give your Azure login the roles of operators, which even an Owner lacks: customerio-aep/docs/reference/roles.md#roles-of-operators";

/** What a setup has left behind so far. */
export interface Left {
  /** Folder of the project that it created. */
  project?: string;
  /** Stack whose settings it wrote. */
  stack?: string;
}

/** How the preview at the end went. */
export type PreviewOutcome = "passed" | "failed" | "skipped";

/** What a setup says that was stopped: what is left behind, and the next command. */
export function wordsAfterStop({ project, stack }: Left, target: CommandTarget): string {
  if (stack !== undefined) {
    const preview = pulumiCommand("preview", { ...target, stack });
    return `Stopped. The settings of the stack ${stack} are written. Next: ${preview}`;
  }
  const again = operatorCommand("init", target);
  if (project === undefined) return `Stopped. No setting was written. To start again: ${again}`;
  return `Stopped. No setting was written. ${keptProject(project)} To set it up: ${again}`;
}

/** What the error of a setup adds that had created a project. */
export function wordsAfterFailure(project: string): string {
  return `${keptProject(project)} Run the same command again to set it up.`;
}

function keptProject(folder: string): string {
  return `The new project in ${folder} is complete and stays.`;
}

/** Prints what is still missing, and what comes next. */
export function printEnd({
  print,
  problems,
  preview,
  hasRelay,
  askedForPassphrase,
  target,
}: {
  print: (...lines: string[]) => void;
  problems: readonly string[];
  preview: PreviewOutcome;
  /** Only a relay needs a signing key. */
  hasRelay: boolean;
  askedForPassphrase: boolean;
  target: CommandTarget;
}): void {
  if (problems.length > 0) print("", "Still missing:", ...problems.map((problem) => `  - ${problem}`));
  if (askedForPassphrase) {
    print("", "The passphrase is not stored anywhere. Before you run the commands below, set it in your shell:");
    print("  read -rs PULUMI_CONFIG_PASSPHRASE; export PULUMI_CONFIG_PASSPHRASE");
  }
  if (preview === "failed") {
    print("", `The preview above lists what is missing. Once you have added it: ${pulumiCommand("preview", target)}`);
    return;
  }
  const steps = [
    pulumiCommand("up", target),
    ...(hasRelay ? [rolesStep, operatorCommand("signing-key", target)] : []),
    operatorCommand("status", target),
  ];
  print("", "Next:", ...steps.map((step, index) => `  ${index + 1}. ${step}`));
}
