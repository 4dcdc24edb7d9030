#!/usr/bin/env node
// The command line for operators. Plain JavaScript, so that an old Node can report that it is too old.
import { existsSync } from "node:fs";
import module from "node:module";

const main = new URL("../cli/dist/main.mjs", import.meta.url);
const [major, minor] = process.versions.node.split(".").map(Number);

// Programs that the commands start are TypeScript, which Node 23.0 to 23.5 reads only with a flag.
if (major < 22 || (major === 22 && minor < 18) || (major === 23 && minor < 6)) {
  console.error(
    `customerio-aep needs Node.js 22.18, 23.6 or newer; this is ${process.version}. Install a newer one: https://nodejs.org`,
  );
  process.exitCode = 1;
} else if (!existsSync(main)) {
  console.error("customerio-aep is not built yet. Run: npm run build");
  process.exitCode = 1;
} else {
  // Caches what Node compiles.
  module.enableCompileCache();
  await import(main.href);
}
