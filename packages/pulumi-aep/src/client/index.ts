export * from "./choices.ts";
export { AepClient } from "./client.ts";
export * from "./mapping-preview.ts";
export { pathOf, paths } from "./paths.ts";
