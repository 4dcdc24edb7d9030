export { History, type MessagePage, type TimeRange, youngest } from "./history.ts";
export type { Activity, HistoryMessage } from "./message.ts";
export { type RebuiltEvent, rebuildEvents, type UnknownNames } from "./rebuild.ts";
