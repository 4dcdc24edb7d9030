import { enableCompileCache, flushCompileCache } from "node:module";

// The engine starts a provider for every command; compiled code kept on disk saves a quarter of that time. It stops one
// by killing it, so the cache is written right after the start.
enableCompileCache();
const [{ main }, { provider }] = await Promise.all([import("../kit/server.ts"), import("./provider.ts")]);
await main(provider);
flushCompileCache();
