import { largeEmail, samples } from "pulumi-customerio/events";
import type { Vendors } from "./vendors.ts";

/** Number of recipients of the blast, with one event each. */
const blastSize = 500;
const largeBodyBytes = 200 * 1024;

export interface SentTraffic {
  /** Ids of all events that Customer.io sent. */
  readonly ids: string[];
  readonly samples: number;
  readonly blast: number;
}

/** Makes Customer.io send every sample, one large e-mail and a blast, and waits until it has sent everything. */
export async function sendEverything(vendors: Vendors): Promise<SentTraffic> {
  const single = [...samples.map(({ event }) => event), largeEmail(largeBodyBytes)];
  await vendors.emit(single);
  await vendors.blast(blastSize);
  await vendors.untilSent();
  const ids = await vendors.sentIds();
  const expected = single.length + blastSize;
  if (ids.length !== expected) {
    throw new Error(`Customer.io was made to send ${expected} events, but sent ${ids.length}.`);
  }
  return { ids, samples: samples.length, blast: blastSize };
}
