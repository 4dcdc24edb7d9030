export type { PropertyMap } from "../engine/values.ts";
export { address } from "./address.ts";
export { nearest } from "./nearest.ts";
export { plainWords } from "./plain-words.ts";
export { ConfigError, ownSettings, readConfig } from "./provider-config.ts";
