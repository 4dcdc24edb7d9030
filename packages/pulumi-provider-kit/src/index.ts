export { definitionProvider, type PackageDefinition } from "./definition/definition-provider.ts";
export { providerClass } from "./definition/provider-class.ts";
export { resourceClass } from "./definition/resource-class.ts";
export {
  defineResource,
  type FunctionDefinition,
  type Leftover,
  type Operation,
  Unfinished,
} from "./definition/resource-definition.ts";
export { differences } from "./engine/difference.ts";
export type * from "./engine/provider.ts";
export * from "./engine/values.ts";
