export { History, listingDelay, type MessagePage, type TimeRange } from "./history.ts";
export type { Activity, HistoryMessage } from "./message.ts";
export { type RebuiltEvent, rebuildEvents, type UnknownNames } from "./rebuild.ts";
