#!/usr/bin/env node
// The engine finds this file on its PATH, where npm links it. Plain JavaScript, so that an old Node can report that it is too old.
import { existsSync } from "node:fs";
import module from "node:module";

const plugin = new URL("../dist/plugin.mjs", import.meta.url);
const [major] = process.versions.node.split(".").map(Number);

if (major < 22) {
  console.error(
    `pulumi-resource-customerio-aep needs Node.js 22 or newer; this is ${process.version}. Install a newer one: https://nodejs.org. If npm has installed one with the program, start Pulumi with npx, such as: npx pulumi up`,
  );
  process.exitCode = 1;
} else if (!existsSync(plugin)) {
  console.error("pulumi-resource-customerio-aep is not built yet. Run: npm run build");
  process.exitCode = 1;
} else {
  // Caches what Node compiles, which saves a third of the start.
  module.enableCompileCache();
  await import(plugin.href);
}
