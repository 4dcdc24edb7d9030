import { flushCompileCache } from "node:module";
import { main } from "pulumi-provider-kit/server";
import { provider } from "./provider.ts";

await main(provider);
// The engine ends its plugins by force, before Node would write the cache (see pulumi-resource-customerio-aep) by itself.
flushCompileCache();
