import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { measure } from "./comparison/run.ts";
import type { Figure } from "./statistics.ts";

const amounts = { warmUp: 300, alone: 1, blast: 6_000, crowd: 1 };

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

/**
 * Where the processor time of the relay's process goes in a blast, by V8's profiler: whose code called last. The local host runs the relay in its
 * own process, so this is what tells one from the other.
 */
export async function measureProfile(): Promise<Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), "bench-profile-"));
  try {
    await measure("relay", amounts, `--cpu-prof --cpu-prof-dir=${folder}`);
    const [file] = (await readdir(folder)).filter((name) => name.endsWith(".cpuprofile"));
    if (file === undefined) throw new Error("Node wrote no profile.");
    const { nodes, samples, timeDeltas } = JSON.parse(await readFile(path.join(folder, file), "utf8"));
    return sharesOf(nodes, samples, timeDeltas);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function sharesOf(nodes: readonly ProfileNode[], samples: readonly number[], deltas: readonly number[]): Figure[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const owners = new Map<string, number>();
  const parts = new Map<string, number>();
  let busy = 0;
  for (const [at, id] of samples.entries()) {
    const node = byId.get(id);
    const name = node?.callFrame.functionName ?? "";
    if (node === undefined || name === "(idle)" || name === "(program)") continue;
    const time = deltas[at] ?? 0;
    busy += time;
    const owner = name === "(garbage collector)" ? "garbage collection" : ownerOf(node);
    owners.set(owner, (owners.get(owner) ?? 0) + time);
    const part = `${owner}: ${name || "anonymous"} (${path.basename(node.callFrame.url) || "native"})`;
    parts.set(part, (parts.get(part) ?? 0) + time);
  }
  const figures = (map: Map<string, number>, most: number) =>
    [...map]
      .sort(([, one], [, other]) => other - one)
      .slice(0, most)
      .map(([what, time]) => ({ what, value: `${((100 * time) / busy).toFixed(1)} %` }));
  return [
    { what: "the relay's process in a blast, start included", value: `${(busy / 1e6).toFixed(1)} s` },
    ...figures(owners, 10),
    { what: "the largest functions", value: "" },
    ...figures(parts, 25),
  ];

  /** The code that called last: the bundle, the local host, or neither, which is Node at work for a socket or a timer. */
  function ownerOf(node: ProfileNode): string {
    for (let at: ProfileNode | undefined = node; at !== undefined; at = byId.get(parents.get(at.id) ?? -1)) {
      const { url } = at.callFrame;
      if (url.endsWith("relay/dist/index.cjs")) return "relay";
      if (url.startsWith("file:")) return "local host";
    }
    return "Node itself";
  }
}
