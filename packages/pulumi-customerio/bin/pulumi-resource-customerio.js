#!/usr/bin/env node
// The engine finds this file on its PATH, where npm links it. Plain JavaScript, so that every Node can say what is wrong.
import { existsSync } from "node:fs";
import module from "node:module";

const plugin = new URL("../dist/plugin.mjs", import.meta.url);
const [major] = process.versions.node.split(".").map(Number);

if (major < 22) {
  console.error(
    `pulumi-resource-customerio needs Node.js 22 or newer; this is ${process.version}. Install a newer one: https://nodejs.org. If npm has installed one with the program, start Pulumi with npx, such as: npx pulumi up`,
  );
  process.exitCode = 1;
} else if (!existsSync(plugin)) {
  console.error("pulumi-resource-customerio is not built yet. Run: npm run build");
  process.exitCode = 1;
} else {
  // What Node has compiled once, it need not compile again: that is a third of the start.
  module.enableCompileCache();
  await import(plugin.href);
}
