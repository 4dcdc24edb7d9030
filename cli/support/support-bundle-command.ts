import { mkdir } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { defineCommand } from "../command/definition.ts";
import { UsageError } from "../command/usage-error.ts";
import { collectBundle, writeBundle } from "./bundle.ts";
import { partsOfBundle } from "./bundle-parts.ts";
import { Scrubber } from "./scrub.ts";
import { readStackTexts } from "./stack-texts.ts";

export const supportBundleCommand = defineCommand({
  name: "support-bundle",
  summary: "collect what is needed to understand a problem into one zip file, without secrets or personal data",
  description:
    "The file has versions, settings with secrets hidden, the findings of `status`, the relay's health, counts and latest log lines, names and " +
    "shapes of resources, and dead letters by reason, but never bodies of events. The command sends nothing. Look through the file before you share it.",
  options: {
    folder: {
      value: "folder",
      description: "where to put the file; a missing folder is created",
      schema: z.string().default("."),
    },
  },
  examples: [
    { args: "support-bundle --stack prod", shows: "writes a zip file into the current folder" },
    { args: "support-bundle --stack prod --source north --folder /tmp", shows: "one source of a stack with several" },
  ],
  needsSecrets: true,
  needsStorage: false,
  stopsInOrder: false,
  json: z.object({
    file: z.string(),
    bytes: z.number(),
    contents: z.array(z.string()).describe("names of the files in it"),
  }),
  async run(source, { folder }, { print, progress }) {
    await mkdir(folder, { recursive: true }).catch((error: Error) => {
      throw new UsageError(`--folder is invalid: it can't be created: ${error.message}`);
    });
    const texts = await progress.showWhile("reading the stack without its secrets", readStackTexts(source));
    const parts = partsOfBundle(source, texts);
    print(
      "The bundle has, without secrets or personal data:",
      ...parts.map(({ name, about }) => `  ${name.padEnd(18)} ${about}`),
    );
    const files = await progress.showWhile("collecting", collectBundle(parts, new Scrubber(texts.secrets)));
    const time = new Date().toISOString().replaceAll(/[:.]/g, "").slice(0, 15);
    const names = [source.target.stack ?? "", source.name].map((name) => name.replaceAll(/[^\w.-]+/g, "-"));
    const file = path.resolve(folder, `customerio-aep-${names.join("-")}-${time}.zip`);
    const bytes = await writeBundle(file, files);
    print(
      "",
      `Wrote ${file} (${Math.ceil(bytes / 1024)} KiB). Nothing was sent. To look into it before you send it to anyone:`,
      `  unzip -l ${file}`,
      `  unzip -p ${file} status.json`,
    );
    return { ending: "well", json: { file, bytes, contents: [...files.keys()] } };
  },
});
