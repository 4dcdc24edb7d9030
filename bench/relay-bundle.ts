import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "fflate";
import { buildRelay } from "../relay/build.ts";
import { type Figure, median } from "./statistics.ts";

const runs = 11;

/** Prints how long the bundle takes to load. Replaces the Functions worker's own module, which is not part of the bundle. */
const loader = `
  const Module = require("node:module");
  const load = Module._load;
  const core = { registerFunction: () => ({ dispose() {} }), registerHook: () => ({ dispose() {} }), setProgrammingModel() {} };
  Module._load = (request, ...rest) => (request === "@azure/functions-core" ? core : load(request, ...rest));
  const begin = performance.now();
  require(process.argv[1]);
  process.stdout.write(String(performance.now() - begin), () => process.exit());
`;

/** Measures the size of the deployed package, and the load time of what a start needs: our part of a cold start. */
export async function measureRelayBundle(): Promise<Figure[]> {
  const { folder, bytes } = await buildRelay();
  const file = path.join(folder, "index.cjs");
  const kilobytes = (count: number) => `${(count / 1000).toFixed(0)} KB`;
  const compressed = gzipSync(await readFile(file)).length;
  const cwd = await mkdtemp(path.join(tmpdir(), "bench-bundle-"));
  try {
    const times: number[] = [];
    for (let run = 0; run < runs; run++) {
      const { stdout } = await promisify(execFile)(process.execPath, ["-e", loader, file], { cwd });
      times.push(Number(stdout));
    }
    return [
      {
        what: "relay bundle, size of what a start loads, and of all code",
        value: `${kilobytes(bytes.atStart)} (${kilobytes(compressed)} compressed), ${kilobytes(bytes.all)}`,
      },
      { what: "relay bundle, time to load", value: `${median(times).toFixed(0)} ms` },
    ];
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}
