#!/usr/bin/env node
// The command line for operators. Plain JavaScript, so that an old Node can report that it is too old.
import { existsSync } from "node:fs";
import module from "node:module";

const [major, minor] = process.versions.node.split(".").map(Number);

if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `customerio-aep needs Node.js 22.18 or newer; this is ${process.version}. Install a newer one: https://nodejs.org`,
  );
  process.exitCode = 1;
} else {
  // Caches what Node compiles.
  module.enableCompileCache();
  // A published package has compiled JavaScript; in the repository Node runs the TypeScript itself.
  const compiled = new URL("../cli/main.js", import.meta.url);
  await import(existsSync(compiled) ? compiled.href : new URL("../cli/main.ts", import.meta.url).href);
}
