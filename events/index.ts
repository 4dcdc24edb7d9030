export { directMappings } from "./direct-mapping.ts";
export { fieldGroupBody } from "./field-group.ts";
export { type EventField, eventFields } from "./fields.ts";
export { type EventMapping, eventMappings } from "./mapping.ts";
