import { ArmError } from "./arm-error.ts";
import type { ResourceRequest } from "./resource-request.ts";

interface NameRule {
  readonly minimum: number;
  readonly maximum: number;
  readonly pattern: RegExp;
  readonly words: string;
}

const hyphenated = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i;
/** A pattern for rules that list forbidden characters: no control characters either, and no blank or period at the end. */
const without = (characters: string) => new RegExp(`^[^${characters}\\u0000-\\u001f\\u007f]*[^${characters}\\s.]$`);

/**
 * Microsoft Learn, "Naming rules and restrictions for Azure resources". Storage accounts, vaults, queues, containers and secrets
 * have their own rules and messages elsewhere. azure-native checks a workspace's name before it calls Azure.
 */
const rules: Readonly<Record<string, NameRule>> = {
  "resources:ResourceGroup": {
    minimum: 1,
    maximum: 90,
    pattern: /^[-\p{L}\p{N}_.()]*[-\p{L}\p{N}_()]$/u,
    words: "letters, digits, underscores, hyphens, periods and parentheses, without a period at its end",
  },
  "web:WebApp": {
    minimum: 2,
    maximum: 60,
    pattern: hyphenated,
    words: "letters, digits and hyphens, without a hyphen at its start or end",
  },
  "web:AppServicePlan": { minimum: 1, maximum: 60, pattern: /^[a-z0-9-]+$/i, words: "letters, digits and hyphens" },
  "managedidentity:UserAssignedIdentity": {
    minimum: 3,
    maximum: 128,
    pattern: /^[a-z0-9][a-z0-9_-]*$/i,
    words: "letters, digits, hyphens and underscores, with a letter or digit at its start",
  },
  "operationalinsights:Workspace": {
    minimum: 4,
    maximum: 63,
    pattern: hyphenated,
    words: "letters, digits and hyphens, without a hyphen at its start or end",
  },
  "applicationinsights:Component": {
    minimum: 1,
    maximum: 260,
    pattern: without("%&\\\\?/"),
    words: "all characters but %&\\?/, without a blank or period at its end",
  },
  "applicationinsights:WebTest": {
    minimum: 1,
    maximum: 260,
    pattern: without("%&\\\\?/"),
    words: "all characters but %&\\?/, without a blank or period at its end",
  },
  "consumption:Budget": {
    minimum: 1,
    maximum: 63,
    pattern: /^[a-z0-9_-]+$/i,
    words: "letters, digits, hyphens and underscores",
  },
  "monitor:ActionGroup": {
    minimum: 1,
    maximum: 260,
    pattern: without(":<>+/&%\\\\?|"),
    words: "all characters but :<>+/&%\\?|, without a blank or period at its end",
  },
  "monitor:ScheduledQueryRule": {
    minimum: 1,
    maximum: 260,
    pattern: without("*<>%{}&:\\\\?+/#|"),
    words: "all characters but *<>%{}&:\\?+/#|, without a blank or period at its end",
  },
  "monitor:MetricAlert": {
    minimum: 1,
    maximum: 260,
    pattern: without("*#&+:<>?@%{}\\\\/|"),
    words: "all characters but *#&+:<>?@%{}\\/|, without a blank or period at its end",
  },
};

/** Error codes that differ from the usual one. */
const codes: Readonly<Record<string, string>> = {
  "resources:ResourceGroup": "InvalidResourceGroup",
  "web:WebApp": "BadRequest",
  "web:AppServicePlan": "BadRequest",
};

/** Throws the `ArmError` with which Azure refuses a new resource's name. */
export function refuseName({ type, name, existing }: ResourceRequest): void {
  const token = type.token.replace(/^azure-native:/, "");
  const rule = rules[token];
  if (existing || rule === undefined) return;
  if (name.length >= rule.minimum && name.length <= rule.maximum && rule.pattern.test(name)) return;
  const message =
    `The resource name '${name}' of type '${type.armType}' is invalid: it must have ${rule.minimum} to ${rule.maximum} ` +
    `characters: ${rule.words}.`;
  throw new ArmError(400, codes[token] ?? "InvalidResourceName", message);
}
