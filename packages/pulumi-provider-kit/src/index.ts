export type { ComponentDefinition } from "./definition/component-definition.ts";
export { definitionProvider } from "./definition/definition-provider.ts";
export type { PackageDefinition } from "./definition/package-definition.ts";
export {
  defineResource,
  type FunctionDefinition,
  type Leftover,
  type Operation,
  type ResourceDefinition,
  Unfinished,
} from "./definition/resource-definition.ts";
export { differences } from "./engine/difference.ts";
export { importCommand } from "./engine/import-command.ts";
export { showProgress } from "./engine/progress.ts";
export type * from "./engine/provider.ts";
export * from "./engine/values.ts";
