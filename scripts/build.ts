import { buildRelay } from "../relay/build.ts";
import { buildPlugins, plugins } from "./build-plugins.ts";

/** Builds what runs as one file: the relay in Azure, and the plugins that the engine starts. */
const { bytes } = await buildRelay();
console.log(`relay/dist: index.cjs has ${Math.round(bytes.atStart / 1024)} KiB`);
await buildPlugins();
console.log(`${plugins.map((folder) => `${folder}/dist`).join(", ")}: plugin.mjs`);
