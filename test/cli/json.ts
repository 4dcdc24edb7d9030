import { Ajv2020 } from "ajv/dist/2020.js";
import { z } from "zod";
import type { AnyCommand } from "../../cli/command/definition.ts";
import { documentOf, failureDocument, printsLines } from "../../cli/command/describe.ts";
import { commands } from "../../cli/commands.ts";

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });

/** How the JSON that a command printed differs from its definition and reference, including additional fields. */
export function jsonMistakes(name: string, text: string): string[] {
  const definition = commands.find((command) => command.name === name);
  if (definition === undefined) return [`there is no command ${name}`];
  const documents = printsLines(definition) ? text.split("\n").filter((line) => line.startsWith("{")) : [text];
  return documents.flatMap((document) => mistakesIn(definition, JSON.parse(document)));
}

function mistakesIn(definition: AnyCommand, document: unknown): string[] {
  const isFailure = failureDocument.safeParse(document).success;
  const validate = ajv.compile(z.toJSONSchema(isFailure ? failureDocument : documentOf(definition)));
  validate(document);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath}: ${message} ${JSON.stringify(params)}`,
  );
}
