/**
 * Loaded into each Azurite process (`node --import`). Azurite loads the client of its telemetry even where `--disableTelemetry` has it send
 * none, which is two thirds of the CPU of its start; this has it find an empty module in the client's place.
 */
import Module, { createRequire } from "node:module";

const azurite = createRequire(createRequire(import.meta.url).resolve("azurite/dist/src/azurite.js"));
const client = azurite.resolve("applicationinsights");
const empty = new Module(client);
empty.loaded = true;
azurite.cache[client] = empty;
