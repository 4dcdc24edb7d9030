import { readFile } from "node:fs/promises";
import path from "node:path";
import type { z } from "zod";
import { commands } from "../../cli/commands.ts";
import { config as aep } from "../../packages/pulumi-aep/src/config.ts";
import { config as customerio } from "../../packages/pulumi-customerio/src/config.ts";
import type { Setting } from "../../settings/setting.ts";
import { settingsTable } from "../../settings/table.ts";

const repository = path.resolve(import.meta.dirname, "../..");

/** The first cells of the table below a line of a page. */
async function firstCells(name: string, line: string): Promise<string[]> {
  const page = await readFile(path.join(repository, name), "utf8");
  const [table = ""] = /^(?:\|.*\n)+/m.exec(page.slice(page.indexOf(line))) ?? [];
  return table.split("\n").flatMap((row) => row.split("|")[1] ?? []);
}

const namesIn = (cells: readonly string[]) =>
  cells.flatMap((cell) => [...cell.matchAll(/`([\w:-]+)`/g)].map(([, name = ""]) => name));

test("SECURITY.md names every setting that is a secret", async () => {
  const own = Object.entries(settingsTable as Record<string, Setting>).flatMap(([name, { secret }]) =>
    secret ? [name] : [],
  );
  const ofProviders = Object.entries({ aep, customerio }).flatMap(([namespace, { shape }]) =>
    Object.entries(shape as Record<string, z.ZodType>).flatMap(([name, schema]) =>
      schema.meta()?.secret === true ? [`${namespace}:${name}`] : [],
    ),
  );
  const listed = namesIn(await firstCells("SECURITY.md", "## Which secrets exist"));
  expect(listed).toEqual(expect.arrayContaining([...own, ...ofProviders]));
  expect(own.length + ofProviders.length).toBe(4);
});

test("docs/networking.md says of every command whether it works from outside a private network", async () => {
  const listed = namesIn(await firstCells("docs/networking.md", "**What works from where**"));
  const names = commands.map(({ name }) => name);
  expect(names.filter((name) => !listed.includes(name))).toEqual([]);
});
