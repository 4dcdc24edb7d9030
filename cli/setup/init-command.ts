import { z } from "zod";
import { defineProjectCommand } from "../command/definition.ts";
import { openPrompter } from "./prompter.ts";
import { questionOptions, questions } from "./questions.ts";
import { setUp } from "./set-up.ts";

const secrets = [questions.clientSecret, questions.appApiKey].map(({ environment }) => environment).join(" and ");

export const initCommand = defineProjectCommand({
  name: "init",
  summary: "set up a stack: ask for what is missing, test each credential, write the settings, and preview",
  description:
    "In an empty folder, the command first creates a project from a template. It asks only for values that are not in an option, the stack's " +
    `settings or an environment variable. Secrets are never options, since the shell's history would keep them. Their variables are ${secrets}. ` +
    "It writes everything at the end, with secrets encrypted, so Ctrl-C leaves the stack unchanged. You can run it again at any time.",
  options: {
    ...questionOptions,
    template: {
      value: "language",
      description:
        "the kind of program to create in an empty folder; by default the command asks, or uses typescript without a terminal",
      schema: z.enum(["typescript", "yaml"]).optional(),
    },
    backend: {
      value: "url",
      description: "where Pulumi keeps its state, if it is not logged in, such as file://~ for this machine",
      schema: z.string().optional(),
    },
    yes: {
      description: "ask nothing, as without a terminal; if something is missing, list it and write nothing",
      schema: z.boolean().default(false),
    },
    "skip-preview": { description: "do not preview at the end", schema: z.boolean().default(false) },
  },
  examples: [
    { args: "init", shows: "asks for everything that is missing" },
    { args: "init --stack prod --environment prod --location northeurope", shows: "the same, for another stack" },
    {
      args: "init --stack dev --yes --json",
      shows: "in CI: lists what is missing, or writes the values of the variables",
    },
  ],
  json: z.object({
    project: z.string().describe("name of the Pulumi project"),
    stack: z.string(),
    madeProject: z.boolean().describe("whether the project was created"),
    madeStack: z.boolean().describe("whether the stack was created"),
    written: z.array(z.string()).describe("keys of the settings that were written"),
    problems: z.array(z.string()).describe("what is missing at a service, each with its remedy"),
    preview: z.enum(["passed", "failed", "skipped"]),
  }),
  async runInProject(values, { print, progress }) {
    const given = values as Readonly<Record<string, unknown>>;
    const prompter = values.yes || values.json ? undefined : await openPrompter();
    const result = await setUp(
      {
        folder: values.cwd,
        stack: values.stack,
        configFile: values["config-file"],
        template: values.template,
        backend: values.backend,
        skipsPreview: values["skip-preview"],
        options: given,
        isQuiet: values.json,
      },
      { prompter, environment: process.env, print, progress },
    );
    const isDone = result.preview !== "failed" && result.problems.length === 0;
    return { ending: isDone ? "well" : "broken", json: result };
  },
});
