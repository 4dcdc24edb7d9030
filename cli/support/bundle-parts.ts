import { arch, platform, release } from "node:os";
import { z } from "zod";
import manifest from "../../package.json" with { type: "json" };
import { jsonOf } from "../../relay/core/event/json.ts";
import { azureOf, startTimeLimit } from "../clients.ts";
import { kindOf, reasonWithoutIds, tryParseDeadLetter } from "../dead-letters/dead-letter-filter.ts";
import { RelayLogReader } from "../log/relay-log-reader.ts";
import { describeLine } from "../log/tail-filter.ts";
import { describeFinding } from "../output/finding.ts";
import { processEach } from "../process-each.ts";
import { RelayStorageAccount } from "../relay/relay-storage.ts";
import { RelayTables } from "../relay/relay-tables.ts";
import { runPulumi } from "../stack/pulumi.ts";
import type { StackSource } from "../stack/source.ts";
import { checkAll } from "../status/check-all.ts";
import type { BundlePart } from "./bundle.ts";
import { describeShape, type StackTexts } from "./stack-texts.ts";

/** Maximum number of log lines and of dead letters: the latest ones. */
const mostLines = 2_000;
const mostDeadLetters = 1_000;
const day = 24 * 60 * 60 * 1000;
const deployedCode = z.object({ version: z.string().optional() });

/** The files of a bundle for a source. Those about the relay are only there if it has one. */
export function partsOfBundle(source: StackSource, texts: StackTexts): BundlePart[] {
  const parts: BundlePart[] = [
    {
      name: "versions.json",
      about: "this command line, the program, Pulumi, Node.js",
      collect: () => collectVersions(source),
    },
    { name: "settings.json", about: "the stack's settings, secrets hidden", collect: async () => texts.settings },
    {
      name: "resources.json",
      about: "the stack's resources: names, types and ids, and which inputs they have, without values",
      collect: async () => texts.resources.map(describeShape),
    },
    { name: "status.json", about: "what customerio-aep status finds", collect: () => collectStatus(source) },
  ];
  if (!source.hasRelay) return parts;
  return [
    ...parts,
    { name: "health.json", about: "the relay's answer to GET /health", collect: () => collectHealth(source) },
    {
      name: "counts.json",
      about: "the relay's counts by day, and attributes that the catalogue lacks",
      collect: () => collectCounts(source),
    },
    {
      name: "log.json",
      about: `the relay's log lines of a day, the latest ${mostLines}`,
      collect: () => collectLog(source),
    },
    {
      name: "dead-letters.json",
      about: `the latest ${mostDeadLetters} dead letters by class, reason and kind, without ids and bodies`,
      collect: () => collectDeadLetters(source),
    },
  ];
}

async function collectVersions(source: StackSource) {
  const [code] = source.all("customerio-aep:index:FunctionCode");
  const pulumi = await runPulumi(source.target.folder ?? ".", "version").catch((error: Error) => error.message);
  return {
    [manifest.name]: manifest.version,
    deployed: deployedCode.safeParse(code?.outputs).data?.version,
    pulumi: pulumi.trim(),
    node: process.version,
    system: `${platform()} ${release()} ${arch()}`,
    at: new Date().toISOString(),
  };
}

async function collectStatus(source: StackSource) {
  return (await checkAll(source)).map(({ part, finding }) => describeFinding(part, finding));
}

async function collectHealth(source: StackSource) {
  const { status, text } = await azureOf(source).ask(source.healthUrl, startTimeLimit());
  return { status, answer: jsonOf(text) ?? text };
}

async function collectCounts(source: StackSource) {
  const tables = await RelayTables.open(source);
  const { total, days, unknownPaths, ...times } = await tables.readCounts();
  return { total, days: Object.fromEntries(days), ...times, unknownPaths: Object.fromEntries(unknownPaths) };
}

async function collectLog(source: StackSource) {
  const lines = await new RelayLogReader(source).since(new Date(Date.now() - day));
  return lines.slice(-mostLines).map(describeLine);
}

async function collectDeadLetters(source: StackSource) {
  const storage = await RelayStorageAccount.open(source);
  const { total, newest: latest } = await storage.findNewestDeadLetters(mostDeadLetters);
  const groups = new Map<string, number>();
  await processEach(latest, startTimeLimit(), async ({ name }) => {
    const blob = await storage.readDeadLetter(name);
    const letter = blob && tryParseDeadLetter(blob.content);
    if (letter === undefined) return;
    const { objectType = "unknown", metric = "unknown" } = kindOf(letter);
    const key = JSON.stringify({
      class: letter.class,
      reason: reasonWithoutIds(letter),
      objectType,
      metric,
      day: letter.deadAt.slice(0, 10),
    });
    groups.set(key, (groups.get(key) ?? 0) + 1);
  });
  const counted = [...groups].map(([key, count]) => ({ ...(JSON.parse(key) as object), count }));
  return {
    total,
    examined: latest.length,
    groups: counted.toSorted((one, other) => other.count - one.count),
  };
}
