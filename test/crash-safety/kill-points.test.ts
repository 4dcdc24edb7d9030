import { type Held, OperationFailed } from "../engine/engine.ts";
import { type KillPoint, Line, moments } from "./line.ts";
import { sweeps } from "./sweeps.ts";
import { engineOf, programOf, type Sweep, type World } from "./world.ts";

const operations = ["create", "change", "delete"] as const;
type Operation = (typeof operations)[number];

/** One run in a separate world: everything up to the operation, the operation, and what is left. */
class Life {
  readonly #world: World;
  readonly #subject: Sweep;
  #state: readonly Held[] = [];

  constructor(world: World, subject: Sweep) {
    this.#world = world;
    this.#subject = subject;
  }

  /** Runs one operation in a new process. A killed one leaves the state as it was at the kill. */
  async run(operation: Operation, point?: KillPoint): Promise<string[]> {
    const line = await Line.open(this.#world.answer);
    const engine = await engineOf(this.#world, line, this.#state);
    const program = programOf(this.#subject, operation);
    line.startOperation();
    if (!point) {
      await engine.up(program);
      this.#state = engine.state;
    } else {
      line.killAt(point);
      // Answers of the zombie in this process never reach the state.
      const killed = line.killed.then(() => {
        this.#state = engine.state;
      });
      await Promise.all([killed, engine.up(program).catch(() => undefined)]);
    }
    await line.close();
    return line.operationCalls;
  }

  async prepare(operation: Operation): Promise<void> {
    await this.run("delete");
    if (operation !== "create") await this.run("create");
  }

  objects(): Promise<string[]> {
    return this.#world.objects();
  }

  /** The differences that a refresh in a new process finds. */
  async drift(): Promise<string[]> {
    const line = await Line.open(this.#world.answer);
    const engine = await engineOf(this.#world, line, this.#state);
    const drifted = await engine.refresh();
    await line.close();
    return drifted;
  }

  /** Returns what is left. An object that is not in the state is deleted with its ownership. */
  async destroy(): Promise<string[]> {
    const line = await Line.open(this.#world.answer);
    const engine = await engineOf(this.#world, line, this.#state);
    while (engine.state.length > 0) {
      await engine.destroy().catch((error: unknown) => {
        const released = error instanceof OperationFailed && this.#subject.lasts && engine.release(error);
        if (!released) throw error;
      });
    }
    await line.close();
    await this.#world.clear?.();
    return this.objects();
  }
}

interface Straight {
  readonly calls: string[];
  readonly objects: string[];
  /** After the destroy: nothing of the subject, except objects that the vendor never deletes. */
  readonly left: string[];
}

async function straightRun(open: () => Promise<World>, subject: Sweep, operation: Operation): Promise<Straight> {
  const world = await open();
  const nothing = await world.objects();
  const life = new Life(world, subject);
  await life.prepare(operation);
  const calls = await life.run(operation);
  const objects = await life.objects();
  expect(await life.drift()).toEqual([]);
  const left = await life.destroy();
  expect(left).toEqual(subject.lasts ? objects.filter(subject.lasts) : nothing);
  await world.close();
  return { calls, objects, left };
}

/** Kills at the same point in another world, and continues with a destroy, which must leave as little. */
async function destroyedStraightAfter(
  open: () => Promise<World>,
  subject: Sweep,
  operation: Operation,
  point: KillPoint,
  left: string[],
): Promise<void> {
  // In Platform a killed enablement has no effect, so that everything is deleted.
  if (subject.lasts) return;
  const world = await open();
  const life = new Life(world, subject);
  await life.prepare(operation);
  await life.run(operation, point);
  expect({ point, objects: await life.destroy() }).toEqual({ point, objects: left });
  await world.close();
  destroyed++;
}

let planned = 0;
let destroyed = 0;
let points = 0;
const swept = new Set<string>();

describe.each(sweeps)("$type", ({ subject, open, type }) => {
  test.each(operations)("after a kill at any call of a %s it ends like an undisturbed run", async (operation) => {
    const straight = await straightRun(open, subject, operation);
    for (const [call, asked] of straight.calls.entries()) {
      // A token request creates nothing; a kill at it is the same before every operation.
      if (asked.includes("/ims/") && operation !== "create") continue;
      for (const moment of moments) {
        planned++;
        const world = await open();
        const life = new Life(world, subject);
        await life.prepare(operation);
        await life.run(operation, { call, moment });
        await life.run(operation);
        const at = `killed at ${asked} (${moment})`;
        expect({ at, objects: await life.objects() }).toEqual({ at, objects: straight.objects });
        expect({ at, drift: await life.drift() }).toEqual({ at, drift: [] });
        expect({ at, objects: await life.destroy() }).toEqual({ at, objects: straight.left });
        await world.close();
        points++;
        // Here the vendor has more objects than the state.
        if (moment === "acted") await destroyedStraightAfter(open, subject, operation, { call, moment }, straight.left);
      }
    }
    swept.add(type);
  });
});

afterAll(() => {
  const equal = points === planned ? "all" : `${points} of ${planned} tried`;
  process.stdout.write(
    `kill points: ${points}, resources: ${swept.size}, ${equal} equal to the straight run; ` +
      `${destroyed} of them also destroyed straight away: nothing left\n`,
  );
});
