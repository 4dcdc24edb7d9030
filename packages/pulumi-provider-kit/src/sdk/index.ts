export { type ProviderArgs, type ProviderClass, providerClass } from "./provider-class.ts";
export { type DeepInput, type ResourceArgs, type ResourceClass, resourceClass } from "./resource-class.ts";
