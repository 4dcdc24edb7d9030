import { samples } from "pulumi-customerio/events";
import { z } from "zod";
import { addressesOf } from "../../clients.ts";
import type { StackSource } from "../../stack/source.ts";

/** A way in which a vendor can fail, which the page switches on and off. Uses the terms of Platform's stand-in. */
interface Fault {
  readonly name: string;
  /** What to expect. */
  readonly effect: string;
  /** What happens to its calls. */
  readonly calls?: { readonly target: string; readonly effect: Readonly<Record<string, unknown>> };
  /** A switch, and its values while the fault is on and off. */
  readonly change?: { readonly name: string; readonly on: string; readonly off: string };
}

const faults = {
  unavailable: {
    name: "Platform is down",
    effect: "Its inlet answers 503. Events wait in the queue, and none is lost.",
    calls: { target: "inlet", effect: { kind: "status", status: 503 } },
  },
  throttled: {
    name: "Platform throttles",
    effect: "Its inlet answers 429 and asks for 5 seconds. The forwarder slows down.",
    calls: { target: "inlet", effect: { kind: "status", status: 429, retryAfterSeconds: 5 } },
  },
  refuses: {
    name: "Platform refuses events",
    effect: "Its inlet answers 400. Each event becomes a dead letter.",
    calls: { target: "inlet", effect: { kind: "status", status: 400 } },
  },
  slow: {
    name: "Platform is slow",
    effect: "Its inlet takes 3 seconds to answer.",
    calls: { target: "inlet", effect: { kind: "latency", milliseconds: 3000 } },
  },
  permission: {
    name: "A permission is missing",
    effect:
      "The credential may no longer read or change sources. This console and npx pulumi up fail, but events still arrive.",
    change: { name: "permissionsLacking", on: "manage-sources,view-sources", off: "none" },
  },
  login: {
    name: "Adobe refuses the login",
    effect: "Adobe IMS answers 401 once an access token is needed.",
    calls: { target: "ims", effect: { kind: "status", status: 401 } },
  },
} satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;
export const faultNames = Object.keys(faults) as [FaultName, ...FaultName[]];

const inForce = z.object({
  faults: z.array(z.looseObject({ target: z.string(), effect: z.looseObject({ kind: z.string() }) })),
});
const switchesAnswer = z.record(z.string(), z.unknown());
const sent = z.object({ events: z.array(z.object({ id: z.string() })) });
const rowsAnswer = z.object({ rows: z.array(z.record(z.string(), z.unknown())) });

/** The stand-ins for the vendors on this machine, including what only a person or the vendor itself could do. */
export class StandIns {
  readonly #addresses: { readonly platform: string; readonly customerIo: string; readonly azure: string | undefined };
  /** The bodies of the events that this console sent, by id. */
  readonly bodies = new Map<string, unknown>();

  private constructor(addresses: { platform: string; customerIo: string; azure: string | undefined }) {
    this.#addresses = addresses;
  }

  /** The stand-ins, if the source uses nothing else; undefined for real services. */
  static async find(source: StackSource): Promise<StandIns | undefined> {
    const { platform, customerIo, azure } = addressesOf(source);
    const used = [platform, customerIo, ...(source.hasRelay ? [azure] : [])];
    if (!used.every((address) => address !== undefined && isOnThisMachine(address))) return undefined;
    const answers = await Promise.all(
      used.map((address) => call("GET", `${address}/__local/census`).then(Boolean, () => false)),
    );
    if (!answers.every(Boolean) || customerIo === undefined) return undefined;
    return new StandIns({ platform, customerIo, azure });
  }

  async listFaults(): Promise<{ id: FaultName; name: string; effect: string; isOn: boolean }[]> {
    const { platform } = this.#addresses;
    const { faults: active } = inForce.parse(await call("GET", `${platform}/__local/faults`));
    const switches = switchesAnswer.parse(await call("POST", `${platform}/__local/switches`, {}));
    const isOn = ({ calls, change }: Fault) =>
      (calls !== undefined && active.some((one) => isSame(one, calls))) ||
      (change !== undefined && switches[change.name] === change.on);
    return faultNames.map((id) => ({ id, name: faults[id].name, effect: faults[id].effect, isOn: isOn(faults[id]) }));
  }

  /** Switches one fault without changing the others. */
  async switchFault(name: FaultName, isOn: boolean): Promise<void> {
    const { platform } = this.#addresses;
    const { change }: Fault = faults[name];
    if (change) await call("POST", `${platform}/__local/switches`, { [change.name]: isOn ? change.on : change.off });
    const others = (await this.listFaults()).filter((fault) => fault.isOn && fault.id !== name).map(({ id }) => id);
    await call("DELETE", `${platform}/__local/faults`);
    for (const id of isOn ? [...others, name] : others) {
      const { calls }: Fault = faults[id];
      if (calls) await call("POST", `${platform}/__local/faults`, { ...calls, rate: 1 });
    }
  }

  /** Makes Customer.io send one event of each kind, with new ids and the current time. @returns how many */
  async sendSamples(): Promise<number> {
    const events = samples.map(({ event: { event_id: _id, timestamp: _time, ...event } }) => event);
    const { events: ids } = sent.parse(await call("POST", `${this.#addresses.customerIo}/__local/events`, { events }));
    for (const [at, { id }] of ids.entries()) this.bodies.set(id, { event_id: id, ...events[at] });
    return ids.length;
  }

  /** Makes Customer.io send a message to many people. @returns the events */
  async sendBlast(recipients: number): Promise<number> {
    const body = { recipients, metrics: { sent: 1 } };
    const answer = await call("POST", `${this.#addresses.customerIo}/__local/blast`, body);
    return z.object({ events: z.number() }).parse(answer).events;
  }

  /** Kills the relay's instances like a crash. @returns how many */
  async killRelay(): Promise<number> {
    const answer = await call("POST", `${this.#addresses.azure}/__local/function-hosts/kill`, {});
    return z.object({ killed: z.number() }).parse(answer).killed;
  }

  /** Advances Customer.io's clock by two hours, so that it repeats what was not accepted. */
  async passTime(): Promise<void> {
    await call("POST", `${this.#addresses.customerIo}/__local/clock`, { advanceSeconds: 2 * 60 * 60 });
  }

  /** All rows, newest last; Platform's preview shows the first hundred. */
  async rows(datasetId: string): Promise<Record<string, unknown>[]> {
    const answer = await call("GET", `${this.#addresses.platform}/__local/rows?dataset=${datasetId}`);
    return rowsAnswer.parse(answer).rows;
  }
}

function isOnThisMachine(address: string): boolean {
  return ["127.0.0.1", "localhost"].includes(new URL(address).hostname);
}

function isSame(
  active: { target: string; effect: Record<string, unknown> },
  { target, effect }: NonNullable<Fault["calls"]>,
): boolean {
  return active.target === target && Object.entries(effect).every(([name, value]) => active.effect[name] === value);
}

async function call(method: string, url: string, body?: object): Promise<unknown> {
  const answer = await fetch(url, {
    method,
    signal: AbortSignal.timeout(30_000),
    ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`The local cloud answered ${answer.status}: ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}
