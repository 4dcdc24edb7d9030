import { enableCompileCache, flushCompileCache } from "node:module";

// Halves the time to the port that the engine waits for; so everything else is imported after it.
enableCompileCache();
const { main } = await import("../kit/server.ts");
const { provider } = await import("./provider.ts");

await main(provider);
// The engine ends its plugins by force, before Node would write the cache by itself.
flushCompileCache();
