import { flushCompileCache } from "node:module";
import { main } from "pulumi-provider-kit/server";
import { provider } from "./provider.ts";

await main(provider);
// The engine kills its plugins before Node writes the compile cache (see pulumi-resource-customerio-aep).
flushCompileCache();
