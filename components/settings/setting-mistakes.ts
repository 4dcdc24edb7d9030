import * as pulumi from "@pulumi/pulumi";
import { nearest } from "pulumi-provider-kit/settings";
import type { z } from "zod";
import { isSecretSetting } from "../../settings/schema.ts";

/** A mistake in a setting, and the `pulumi config` command that fixes it. */
export interface Mistake {
  readonly path: readonly PropertyKey[];
  readonly reason: string;
  /** A sentence that ends with the command. */
  readonly remedy: string;
}

/** @throws pulumi.RunError that lists all problems of the stack's settings, if there are any */
export function refuseSettings(problems: readonly string[]): void {
  throwAll("The stack's settings can't be used:", problems);
}

/** @throws pulumi.RunError that lists all problems of a component's arguments, if there are any */
export function refuseArguments(problems: readonly string[]): void {
  throwAll("The arguments can't be used:", problems);
}

function throwAll(title: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new pulumi.RunError([title, ...problems.map((line) => `  - ${line}`)].join("\n"));
}

/** A setting's full path, and what is wrong with it, as a sentence. */
export function describeMistake(setting: string, reason: string): string {
  return `${setting} is invalid: ${/[.?]$/.test(reason) ? reason : `${reason}.`}`;
}

/** One mistake per zod issue; an unknown-keys issue yields one per key. */
export function mistakesOf(issues: readonly z.core.$ZodIssue[]): Mistake[] {
  return issues.flatMap(({ path, message: reason, ...issue }): Mistake[] => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({ path: [...path, key], reason, remedy: removalRemedy([...path, key]) }));
    }
    // `config set --path` can't write into a value of another type, so it has to be removed first.
    const setPart = (part: PropertyKey) => `Set it: ${removal(path)} && ${setting([...path, part])}`;
    if (issue.code === "invalid_type" && issue.expected === "array") return [{ path, reason, remedy: setPart(0) }];
    if (issue.code === "invalid_type" && (issue.expected === "object" || issue.expected === "record")) {
      return [{ path, reason, remedy: setPart("<name>") }];
    }
    // The CLI treats a value that looks like a number or a boolean as one, unless a flag says otherwise.
    if (issue.code === "invalid_type" && issue.expected === "string") {
      return [{ path, reason, remedy: `Set it: ${setting(path, "--type string ")}` }];
    }
    const superfluous = issue.code === "custom" && issue.params?.superfluous === true;
    return [{ path, reason, remedy: superfluous ? removalRemedy(path) : settingRemedy(path) }];
  });
}

/** Unknown settings, which may be misspelled. */
export function unknownSettings(given: readonly string[], known: readonly string[]): Mistake[] {
  return given
    .filter((key) => !known.includes(key))
    .map((key) => {
      const meant = nearest(key, known);
      const reason = `there is no such setting${meant === undefined ? "" : `; did you mean ${meant}?`}`;
      return { path: [key], reason, remedy: removalRemedy([key]) };
    });
}

export function settingRemedy(path: readonly PropertyKey[]): string {
  return `Set it: ${setting(path)}`;
}

export function removalRemedy(path: readonly PropertyKey[]): string {
  return `Remove it: ${removal(path)}`;
}

/** @param flag of the command, with a space behind it */
function setting(path: readonly PropertyKey[], flag = ""): string {
  const argument = flag + argumentOf(path);
  // Without the value, the command asks for it: the shell's history would keep a secret.
  return isSecretSetting(String(path[0]))
    ? `npx pulumi config set --secret ${argument}`
    : `npx pulumi config set ${argument} <value>`;
}

function removal(path: readonly PropertyKey[]): string {
  return `npx pulumi config rm ${argumentOf(path)}`;
}

/** As `pulumi config set --path` writes it, such as `filters.only.metrics[0]`. */
export function configPathOf([key, ...rest]: readonly PropertyKey[]): string {
  return String(key) + rest.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
}

function argumentOf(path: readonly PropertyKey[]): string {
  return path.length === 1 ? String(path[0]) : `--path '${configPathOf(path)}'`;
}
