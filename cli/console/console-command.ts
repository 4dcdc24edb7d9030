import { once } from "node:events";
import { z } from "zod";
import { defineCommand } from "../command/definition.ts";
import { readSamples } from "../preview/sample-events.ts";
import { rereadSource } from "../stack/reread-source.ts";
import { OperatorConsole } from "./console.ts";
import { StandIns } from "./data/stand-ins.ts";
import { startServer } from "./server.ts";

const portRange = "it must be a port from 1 to 65535, or 0 for a free one";

export const consoleCommand = defineCommand({
  name: "console",
  summary: "serve a local page that shows where the events are, what is wrong, and what to do",
  description:
    "Prints an address for the browser of this machine, and runs until Ctrl-C. The address holds a token: anyone who has it can see what you " +
    "can see. The page only reads, unless --allow-actions lets it replay, export and purge dead letters. Against the local cloud it can " +
    "also send events and switch faults.",
  options: {
    port: {
      value: "number",
      description: "port on 127.0.0.1; without it, a free one",
      schema: z.coerce.number().int(portRange).min(0, portRange).max(65535, portRange).default(0),
    },
    "allow-actions": {
      description: "let the page replay, export and purge dead letters of a real stack",
      schema: z.boolean().default(false),
    },
    samples: {
      value: "file",
      description: "up to 100 events to map, as in preview; without it, one of every kind",
      schema: z.string().optional(),
    },
    folder: {
      value: "folder",
      description: "the folder of the audit to show, as in audit; without it, the last one in the working directory",
      schema: z.string().optional(),
    },
  },
  examples: [
    { args: "console --stack dev", shows: "prints the address of the page" },
    { args: "console --stack prod --allow-actions", shows: "the same, with buttons that replay, export and purge" },
  ],
  needsSecrets: true,
  needsStorage: false,
  stopsInOrder: true,
  oneSourceReason: "the page shows one of them",
  json: z.object({ actions: z.boolean().describe("whether the page could change something") }),
  async check({ samples }) {
    await readSamples(samples);
  },
  async run(
    source,
    { port, samples: file, "allow-actions": allowActions, folder: auditFolder },
    { print, progress, signal },
  ) {
    const standIns = await progress.showWhile("looking for the local cloud", StandIns.find(source));
    const samples = await readSamples(file);
    const operator = new OperatorConsole({
      source,
      reread: rereadSource,
      allowActions,
      standIns,
      samples,
      auditFolder,
    });
    const server = await startServer(operator.routes(signal), port);
    const mode = standIns ? "the local cloud" : allowActions ? "actions are allowed" : "it only reads";
    print(`Console of the stack ${source.target.stack} (${mode}):`, "", `  ${server.address}`, "", "Ctrl-C stops it.");
    const watching = operator.watch(signal);
    if (!signal.aborted) await once(signal, "abort");
    await server.close();
    await watching;
    return { ending: "well", json: { actions: allowActions || standIns !== undefined } };
  },
});
