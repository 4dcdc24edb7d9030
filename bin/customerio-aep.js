#!/usr/bin/env node
// The command line for operators. Plain JavaScript, so that an old Node can report that it is too old.
import { existsSync } from "node:fs";
import module from "node:module";

const [major, minor] = process.versions.node.split(".").map(Number);

// In the repository, Node 23.0 to 23.5 would read its TypeScript only with a flag.
if (major < 22 || (major === 22 && minor < 18) || (major === 23 && minor < 6)) {
  console.error(
    `customerio-aep needs Node.js 22.18, 23.6 or newer; this is ${process.version}. Install a newer one: https://nodejs.org`,
  );
  process.exitCode = 1;
} else {
  // Caches what Node compiles.
  module.enableCompileCache();
  // A published package has compiled JavaScript; in the repository Node runs the TypeScript itself.
  const compiled = new URL("../cli/main.js", import.meta.url);
  await import(existsSync(compiled) ? compiled.href : new URL("../cli/main.ts", import.meta.url).href);
}
