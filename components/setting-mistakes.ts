import type { z } from "zod";
import { nearest } from "../providers/kit/nearest.ts";

/** What is wrong with a setting, and how `pulumi config` mends it. */
export interface Mistake {
  readonly path: readonly PropertyKey[];
  readonly reason: string;
  readonly command: string;
}

/** The mistakes that a parse has found; of names that there are not, one for each. */
export function mistakesOf(issues: readonly z.core.$ZodIssue[]): Mistake[] {
  return issues.flatMap(({ path, message: reason, ...issue }): Mistake[] => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({ path: [...path, key], reason, command: removal([...path, key]) }));
    }
    // What has another form can't be set in parts before it is gone.
    const anew = (part: PropertyKey) => `${removal(path)} && ${setting([...path, part])}`;
    if (issue.code === "invalid_type" && issue.expected === "array") return [{ path, reason, command: anew(0) }];
    if (issue.code === "invalid_type" && (issue.expected === "object" || issue.expected === "record")) {
      return [{ path, reason, command: anew("<name>") }];
    }
    const superfluous = issue.code === "custom" && issue.params?.superfluous === true;
    return [{ path, reason, command: superfluous ? removal(path) : setting(path) }];
  });
}

/** Settings that the program doesn't know, which may be misspelled. */
export function unknownSettings(given: readonly string[], known: readonly string[]): Mistake[] {
  return given
    .filter((key) => !known.includes(key))
    .map((key) => {
      const meant = nearest(key, known);
      const reason = `there is no such setting${meant === undefined ? "" : `; did you mean ${meant}?`}`;
      return { path: [key], reason, command: removal([key]) };
    });
}

export function setting(path: readonly PropertyKey[]): string {
  return `pulumi config set ${argumentOf(path)} <value>`;
}

export function removal(path: readonly PropertyKey[]): string {
  return `pulumi config rm ${argumentOf(path)}`;
}

/** One line of a list: the mistake and the command. */
export function lineOf(prefix: string, { path, reason, command }: Mistake): string {
  const sentence = /[.?]$/.test(reason) ? reason : `${reason}.`;
  const verb = command.startsWith("pulumi config rm") && !command.includes("&&") ? "Remove it" : "Set it";
  return `${prefix}${pathOf(path)} is not right: ${sentence} ${verb}: ${command}`;
}

/** As `pulumi config set --path` writes it, such as `filters.only.metrics[0]`. */
export function pathOf([key, ...rest]: readonly PropertyKey[]): string {
  return String(key) + rest.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
}

function argumentOf(path: readonly PropertyKey[]): string {
  return path.length === 1 ? String(path[0]) : `--path '${pathOf(path)}'`;
}
