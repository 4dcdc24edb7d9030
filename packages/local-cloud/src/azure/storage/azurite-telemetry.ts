/**
 * Loaded into each Azurite process (`node --import`). Azurite loads its telemetry client even with
 * `--disableTelemetry`, which takes two thirds of the CPU of its start. This module replaces the client with an empty
 * module.
 */
import Module, { createRequire } from "node:module";

const azurite = createRequire(createRequire(import.meta.url).resolve("azurite/dist/src/azurite.js"));
const client = azurite.resolve("applicationinsights");
const empty = new Module(client);
empty.loaded = true;
azurite.cache[client] = empty;
