import type { Fence } from "../../../relay/azure/delivery/fence.ts";
import type { Gate } from "../../../relay/azure/intake/gate.ts";
import type { Marks } from "../../../relay/azure/marks-reader.ts";
import { BodyRoom } from "../../../relay/azure/storage/body-room.ts";
import { queueNames } from "../../../relay/core/names.ts";

/** For a queue without marks. */
export const noMarks: Marks = async () => ({ closed: false, wanted: undefined, held: false, former: "none" });

/** An intake that accepts events. */
export const openGate: Gate = async () => undefined;

const mayAlwaysSend: Fence = async () => undefined;

/** A forwarder of the first queue that may always send, and has room for all bodies. */
export const openForwarder = {
  queue: queueNames.events,
  fence: mayAlwaysSend,
  room: new BodyRoom(Number.POSITIVE_INFINITY),
};
