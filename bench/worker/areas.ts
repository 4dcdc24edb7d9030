import type { Profiler } from "node:inspector";
import { SourceMap, type SourceMapPayload } from "node:module";
import type { Figure } from "../statistics.ts";

/** The areas by a source's path, relative to the bundle; the first that fits. */
const areasOfSources: readonly (readonly [RegExp, string])[] = [
  [/@azure\/functions/, "Functions library"],
  [/\/zod\//, "validation (zod)"],
  [/node_modules/, "other libraries"],
  [/azure\/http-request/, "HTTP client: requests and answers"],
  [/azure\/storage\/(queue|service)/, "writes to the queue"],
  [/azure\/storage\/|duplicates|gathering/, "suppression of duplicates"],
  [/intake\/verify/, "signatures of calls"],
  [/log\.|summed-lines|counts|outcome/, "log and counts"],
  [/core\/(event|policy)\/|events\//, "the event: parsing, filters, enrichment"],
  [/\/intake\/|budget/, "intake: body, group commit, answer"],
  [/^/, "forwarder: pace, verdicts, calls to Platform"],
];

/** The areas of Node's own code that runs without other code on the stack. */
const areasOfNode: readonly (readonly [RegExp, string])[] = [
  [/undici|webstreams|fetch/, "Functions library"],
  [/http|net$|stream/, "HTTP client: requests and answers"],
  [/^/, "promises, timers and everything else of Node"],
];

/** Node's native functions that hand a request to the system. */
const writes = ["writeUtf8String", "writeLatin1String", "writev", "writeBuffer"];

interface Frame {
  readonly node: Profiler.ProfileNode;
  readonly parent: Frame | undefined;
}

/** Divides the processor time of a profile by the areas of the relay's code: the one whose code called last. */
export class Areas {
  readonly #map: SourceMap;

  /** @param sourceMap of the bundle */
  constructor(sourceMap: SourceMapPayload) {
    this.#map = new SourceMap(sourceMap);
  }

  figuresOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Figure[] {
    const frames = new Map<number, Frame>();
    const byId = new Map(nodes.map((node) => [node.id, node]));
    const add = (node: Profiler.ProfileNode, parent: Frame | undefined) => {
      const frame = { node, parent };
      frames.set(node.id, frame);
      for (const id of node.children ?? []) {
        const child = byId.get(id);
        if (child !== undefined) add(child, frame);
      }
    };
    const [root] = nodes;
    if (root !== undefined) add(root, undefined);
    const times = new Map<string, number>();
    let busy = 0;
    for (const [at, id] of samples.entries()) {
      const frame = frames.get(id);
      const name = frame?.node.callFrame.functionName;
      if (frame === undefined || name === "(idle)") continue;
      const time = timeDeltas[at] ?? 0;
      busy += time;
      const area = this.#areaOf(frame);
      times.set(area, (times.get(area) ?? 0) + time);
    }
    return [
      { what: "areas of the processor time, intake and forwarder", value: "" },
      ...[...times]
        .toSorted(([, one], [, other]) => other - one)
        .map(([area, time]) => ({ what: `  ${area}`, value: `${((100 * time) / busy).toFixed(1)} %` })),
    ];
  }

  #areaOf(leaf: Frame): string {
    const { functionName: name, url: leafUrl } = leaf.node.callFrame;
    if (name === "(garbage collector)") return "garbage collection";
    if (writes.includes(name)) return "HTTP client: writing to sockets";
    for (let frame: Frame | undefined = leaf; frame !== undefined; frame = frame.parent) {
      const { url, lineNumber, columnNumber } = frame.node.callFrame;
      if (!url.endsWith("index.cjs")) continue;
      const found = this.#map.findEntry(lineNumber, columnNumber);
      return areaIn(areasOfSources, "originalSource" in found ? found.originalSource : "");
    }
    return areaIn(areasOfNode, leafUrl);
  }
}

function areaIn(areas: readonly (readonly [RegExp, string])[], name: string): string {
  return areas.find(([pattern]) => pattern.test(name))?.[1] ?? "";
}
