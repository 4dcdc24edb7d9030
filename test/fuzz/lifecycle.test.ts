import { randomInt } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { AdjustableClock } from "../../packages/local-cloud/src/customer-io/clock.ts";
import { aepPackage } from "../../packages/pulumi-aep/src/provider.ts";
import { customerioPackage } from "../../packages/pulumi-customerio/src/provider.ts";
import { definitionProvider } from "../../packages/pulumi-provider-kit/src/definition/definition-provider.ts";
import type { Provider } from "../../packages/pulumi-provider-kit/src/engine/provider.ts";
import { type PropertyMap, reveal } from "../../packages/pulumi-provider-kit/src/engine/values.ts";
import { type Declared, Engine, type Held, OperationFailed } from "../engine/engine.ts";
import { type FaultPlan, Network } from "./faults.ts";
import { type Operation, operation } from "./operation.ts";
import { program } from "./program.ts";
import { World, type WorldObject } from "./world.ts";

const mockClock = AdjustableClock.stoppedAt(new Date("2026-01-05T10:00:00Z"));
// Waiting takes no time: it advances the clock of the stand-ins.
jest.mock("../../packages/pulumi-provider-kit/src/http/sleep.ts", () => ({
  sleep: async (milliseconds: number, signal: AbortSignal) => {
    if (!signal.aborted) await mockClock.advance(milliseconds);
  },
}));

/** `FUZZ_RUNS=5000 npx jest test/fuzz` runs more; `FUZZ_SEED` (and `FUZZ_PATH`, as a failure prints it) the same again. */
const { FUZZ_RUNS = "250", FUZZ_SEED = randomInt(2 ** 31), FUZZ_PATH } = process.env;
const runs = Number(FUZZ_RUNS);
const seed = Number(FUZZ_SEED);
/** Milliseconds for everything, the search for a smaller example of a failure included. */
const timeLimit = 120_000 + runs * 1_000;
const network = new Network();
/** Of each type, the inputs that its outputs do not repeat. */
const inputsOnly = new Map(
  [...aepPackage.resources, ...customerioPackage.resources].map(({ type, inputOnly = [] }) => [type, inputOnly]),
);
const secrets = [/p8e-local-client-secret/, /local-app-api-key/, /Bearer /, /\/collection\//];

/** A part of the message that refuses to delete or replace a dataset with rows. */
const holdsData = ") holds data: ";

/** A part of the message about a field group that a schema uses, although the state does not say so after a killed update. */
const recordedByUp = "npx pulumi up records in the state what the schema uses";

/** The error of a command that was killed. */
const killed = "killed";

/** A stack: its program and state, and the shared world. */
class Stack {
  state: readonly Held[] = [];
  program: readonly Declared[] = [];
  /** Objects that the vendor never deletes and the user removed from the state, as an error advised. */
  released: readonly Held[] = [];
  wasKilled = false;
  readonly name: string;
  readonly #world: World;

  constructor(name: string, world: World) {
    this.name = name;
    this.#world = world;
  }

  /** Runs one command as in a new process; returns its error if it failed. */
  async run(faults: FaultPlan, command: (engine: Engine) => Promise<unknown>): Promise<string | undefined> {
    let killedWith: readonly Held[] | undefined;
    const signal = network.begin(faults, () => {
      killedWith = engine.state;
    });
    const [aep, customerio] = [definitionProvider(aepPackage), definitionProvider(customerioPackage)];
    await aep.configure(this.#world.settings.aep);
    await customerio.configure(this.#world.settings.customerio);
    const providers: Record<string, Provider> = { aep, customerio };
    const engine = new Engine(this, (type) => providers[type.split(":")[0] ?? ""] as Provider, signal);
    try {
      await command(engine);
      return killedWith && killed;
    } catch (error) {
      if (killedWith) return killed;
      if (!(error instanceof OperationFailed)) throw error;
      // Defects of our own have other names.
      expect(["Error", "VendorError", "PartialFailure"]).toContain((error.reason as Error).name);
      for (const secret of secrets) expect(error.message).not.toMatch(secret);
      // No user removes a dataset from the state because of its rows.
      const released = error.message.includes(holdsData) ? undefined : engine.release(error);
      if (released) this.released = [...this.released, released];
      return error.message;
    } finally {
      this.state = killedWith ?? engine.state;
      this.wasKilled = killedWith !== undefined;
      network.begin([]);
    }
  }
}

/** One world with our stack and objects of others. */
class Run {
  /** The number of objects of killed operations that were not in the state. */
  unnoted = 0;
  /** How often the last destroy was refused because of rows, and how many datasets with rows were deleted by forceDestroy. */
  refused = 0;
  forced = 0;
  readonly #world: World;
  readonly #ours: Stack;
  #foreign: WorldObject[] = [];
  /** The program of the last `up`. */
  #lastProgram: readonly Declared[] = [];
  /** Keys of objects of killed operations that are not in the state. */
  #unnoted = new Set<string>();

  constructor(world: World) {
    this.#world = world;
    this.#ours = new Stack("dev", world);
  }

  async seed(others: readonly Declared[]): Promise<void> {
    await new Stack("others", this.#world).run([], (engine) => engine.up(others));
    this.#foreign = await this.#world.objects();
  }

  async step(step: Operation): Promise<void> {
    const ours = this.#ours;
    const before = this.#rows();
    switch (step.kind) {
      case "up": {
        ours.program = step.program ? [...step.program, ...this.#findImported()] : ours.program;
        this.#lastProgram = ours.program;
        await ours.run(step.faults, async (engine) => {
          await engine.up(ours.program);
          expect(await engine.preview(ours.program)).toEqual([]);
        });
        break;
      }
      case "refresh": {
        const failure = await ours.run(step.faults, (engine) => engine.refresh());
        if (step.faults.length === 0 && !ours.state.some(({ unfinished }) => unfinished)) {
          expect(failure).toBeUndefined();
        }
        break;
      }
      case "destroy":
        await this.#destroy(step.faults);
        break;
      case "import":
        await this.#import(step.choice, step.faults);
        break;
      default:
        await this.#byHand(step.kind, step.choice);
    }
    this.#checkRows(before, step.kind === "remove");
    await this.#check();
  }

  /** The datasets that hold rows, and whether the state allows their deletion. */
  #rows(): { id: string; force: boolean }[] {
    const forced = this.#ours.state.filter(({ properties }) => properties.forceDestroy === true);
    return this.#world.findFilled().map((id) => ({ id, force: forced.some((held) => held.id === id) }));
  }

  /** Only forceDestroy deletes a dataset with rows, or a user by hand. */
  #checkRows(before: readonly { id: string; force: boolean }[], byHand: boolean): void {
    const now = new Set(this.#world.findFilled());
    const gone = before.filter(({ id }) => !now.has(id));
    if (!byHand) expect(gone.filter(({ force }) => !force)).toEqual([]);
    this.forced += byHand ? 0 : gone.length;
  }

  /** A final destroy without faults leaves both worlds as before, except for objects that Platform never deletes; returns their number. */
  async end(): Promise<number> {
    let wasUp = false;
    for (;;) {
      const { length } = this.#ours.state;
      const before = this.#rows();
      const failure = await this.#destroy([]);
      this.#checkRows(before, false);
      await this.#check();
      if (failure === undefined) break;
      if (failure.includes(holdsData)) {
        this.refused += 1;
        expect(this.#force(failure)).toBe(true);
        continue;
      }
      if (failure.includes(recordedByUp) && !wasUp) {
        // The up may be refused after that, for example because of a dataset with rows.
        await this.#ours.run([], (engine) => engine.up(this.#lastProgram));
        await this.#check();
        wasUp = true;
        continue;
      }
      // Other errors may only block a destroy if they say what to remove from the state.
      expect({ failure, isFewer: this.#ours.state.length < length }).toEqual({ failure, isFewer: true });
    }
    expect(this.#ours.state).toEqual([]);
    const all = await this.#world.objects();
    expect(all.filter((object) => this.#unnoted.has(keyOf(object)) && !this.#staysWithSchema(object))).toEqual([]);
    return all.filter((object) => this.#isReleased(object)).length;
  }

  /** Sets forceDestroy of the dataset and the guard in a refusal, as advised; returns whether the state had one without. */
  #force(failure: string): boolean {
    const named = this.#ours.state.filter(
      ({ type, id, properties }) =>
        (type === "aep:index:Dataset" || type === "aep:index:DatasetGuard") &&
        failure.includes(`(${type === "aep:index:Dataset" ? id : String(properties.datasetId)})`) &&
        properties.forceDestroy !== true,
    );
    const withForce = (values: PropertyMap) => ({ ...values, forceDestroy: true });
    this.#ours.state = this.#ours.state.map((held) =>
      named.includes(held) ? { ...held, inputs: withForce(held.inputs), properties: withForce(held.properties) } : held,
    );
    return named.length > 0;
  }

  async #destroy(faults: FaultPlan): Promise<string | undefined> {
    this.#ours.program = [];
    return this.#ours.run(faults, (engine) => engine.destroy());
  }

  /** Imports an object of others without references to it, and declares it unchanged. */
  async #import(choice: number, faults: FaultPlan): Promise<void> {
    const free = this.#foreign.filter((object) => object.type !== "js" && !isReferredTo(object, this.#foreign));
    const chosen = free[choice % Math.max(1, free.length)];
    if (!chosen) return;
    // An enablement has the id of its schema.
    const name = `imported-${chosen.type}-${chosen.id}`;
    const failure = await this.#ours.run(faults, async (engine) => {
      const { inputs, type } = await engine.import(name, chosen.type, chosen.id);
      this.#ours.program = [...this.#ours.program, { name, type, inputs }];
    });
    if (faults.length === 0) expect(failure).toBeUndefined();
    if (failure === undefined) this.#foreign = this.#foreign.filter((object) => object !== chosen);
  }

  #findImported(): Declared[] {
    return this.#ours.program.filter(({ name }) => name.startsWith("imported-"));
  }

  async #byHand(kind: "remove" | "change" | "fill", choice: number): Promise<void> {
    const all = await this.#world.objects();
    if (kind === "fill") {
      const datasets = all.filter((object) => object.type === "aep:index:Dataset" && this.#isHeld(object));
      const filled = datasets[choice % Math.max(1, datasets.length)];
      if (filled) this.#world.fill(filled);
      return;
    }
    const ours = all.filter(
      (object) => this.#isHeld(object) && !isReferredTo(object, all) && !this.#world.lasts(object),
    );
    const chosen = ours[choice % Math.max(1, ours.length)];
    if (chosen) await this.#world[kind](chosen);
  }

  async #check(): Promise<void> {
    const held = this.#ours.state;
    const objects = held.filter(({ type }) => !type.endsWith(":Ownership"));
    expect(new Set(objects.map(keyOf)).size).toBe(objects.length);
    const current = held.filter(({ doomed }) => !doomed);
    expect(new Set(current.map(({ name }) => name)).size).toBe(current.length);
    for (const { type, inputs, properties } of held) {
      const repeated = Object.entries(inputs).filter(([name]) => !inputsOnly.get(type)?.includes(name));
      expect(isDeepStrictEqual({ ...properties, ...Object.fromEntries(repeated) }, properties)).toBe(true);
      expect(Object.keys(properties).filter((name) => inputsOnly.get(type)?.includes(name))).toEqual([]);
    }
    const all = await this.#world.objects();
    const foreign = this.#foreign.map(({ type, id }) => all.find((object) => object.type === type && object.id === id));
    expect(foreign).toEqual(this.#foreign);
    const unnoted = all.filter(
      (object) =>
        !this.#isHeld(object) && !this.#foreign.some(({ id }) => id === object.id) && !this.#isReleased(object),
    );
    const orphans = unnoted.filter((object) => !this.#isOwned(object, all));
    expect(orphans).toEqual([]);
    const left = unnoted.filter((object) => !this.#unnoted.has(keyOf(object)));
    if (!this.#ours.wasKilled) expect(left).toEqual([]);
    this.unnoted += left.length;
    this.#unnoted = new Set(unnoted.map(keyOf));
  }

  /** Whether a destroy will find an object that is not in the state. */
  #isOwned({ type, content }: WorldObject, all: readonly WorldObject[]): boolean {
    const ownerships = (vendor: string) => this.#ours.state.filter((held) => held.type === `${vendor}:index:Ownership`);
    if (type === "customerio:index:ReportingWebhook") {
      const webhook = JSON.parse(content) as Claim;
      return ownerships("customerio").some(({ properties }) => claims(properties, webhook));
    }
    // It is deleted with its schema.
    if (type === "aep:index:IdentityDescriptor") {
      return all.some(
        (schema) =>
          schema.type === "aep:index:Schema" &&
          content.includes(schema.id) &&
          (this.#isHeld(schema) || this.#isReleased(schema) || this.#isOwned(schema, all)),
      );
    }
    return ownerships("aep").some((ownership) => content.includes(ownership.id));
  }

  /** An enablement ends only in the state; the objects that it keeps were removed from the state, as an error advised. */
  #isReleased(object: WorldObject): boolean {
    if (object.type === "aep:index:ProfileEnablement") return true;
    return this.#world.lasts(object) && this.#ours.released.some(({ id }) => id === object.id);
  }

  /** A descriptor that is not in the state is deleted with its schema, and stays with one that Platform never deletes. */
  #staysWithSchema({ type, content }: WorldObject): boolean {
    return type === "aep:index:IdentityDescriptor" && this.#ours.released.some(({ id }) => content.includes(id));
  }

  #isHeld({ type, id }: WorldObject): boolean {
    return this.#ours.state.some((held) => held.type === type && held.id === id);
  }
}

function keyOf({ type, id }: { readonly type: string; readonly id: string }): string {
  return `${type} ${id}`;
}

interface Claim {
  readonly name: string;
  readonly endpoint: string;
}

function claims(ownership: PropertyMap, { name, endpoint }: Claim): boolean {
  const claimed = reveal(ownership) as unknown as Claim & { formerClaims: Claim[] };
  return [claimed, ...claimed.formerClaims].some((claim) => claim.name === name && claim.endpoint === endpoint);
}

function isReferredTo({ type, id }: WorldObject, all: readonly WorldObject[]): boolean {
  if (type === "customerio:index:ReportingWebhook") return false;
  return all.some((other) => other.id !== id && other.content.includes(id));
}

test(
  `${runs} random lives of random programs leave nothing behind and touch nothing of others`,
  async () => {
    let operations = 0;
    let lasting = 0;
    let unnoted = 0;
    let refused = 0;
    let forced = 0;
    const life = fc.asyncProperty(
      program("others"),
      fc.array(operation, { minLength: 1, maxLength: 5 }),
      async (others, steps) => {
        const world = await World.start(mockClock);
        try {
          const run = new Run(world);
          await run.seed(others);
          for (const step of steps) await run.step(step);
          lasting += await run.end();
          unnoted += run.unnoted;
          refused += run.refused;
          forced += run.forced;
          operations += steps.length + 2;
        } finally {
          await world.close();
        }
      },
    );
    await fc.assert(life, {
      numRuns: runs,
      interruptAfterTimeLimit: timeLimit,
      markInterruptAsFailure: true,
      seed,
      ...(FUZZ_PATH !== undefined && { path: FUZZ_PATH }),
    });
    process.stdout.write(
      `fuzz: seed ${seed}, ${runs} runs, ${operations} operations, ${network.struck} faults, ` +
        `${network.kills} kills with ${unnoted} objects that no state knew, 0 violations; ` +
        `${lasting} objects left that Platform never deletes; ${refused} destroys refused because of rows, ${forced} datasets with rows ` +
        "deleted by forceDestroy\n",
    );
  },
  timeLimit + 60_000,
);
