import { buildRelay } from "../relay/build.ts";
import { buildBundles, plugins } from "./build-bundles.ts";

/** Builds what runs from bundles: the relay in Azure, the plugins that the engine starts, the command line, and the local cloud's host. */
const { bytes } = await buildRelay();
console.log(`relay/dist: index.cjs has ${Math.round(bytes.atStart / 1024)} KiB`);
await buildBundles();
console.log(`${plugins.map((folder) => `${folder}/dist`).join(", ")}: plugin.mjs`);
console.log("cli/dist: main.mjs");
console.log("packages/local-cloud/dist: function-host.mjs");
