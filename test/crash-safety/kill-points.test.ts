import { type Held, OperationFailed } from "../engine/engine.ts";
import { type KillPoint, Line, moments } from "./line.ts";
import { sweeps } from "./sweeps.ts";
import { engineOf, programOf, type Sweep, type World } from "./world.ts";

const operations = ["create", "change", "delete"] as const;
type Operation = (typeof operations)[number];

/** One life in a world of its own: everything up to the operation, the operation, and what is left of both. */
class Life {
  readonly #world: World;
  readonly #subject: Sweep;
  #state: readonly Held[] = [];

  constructor(world: World, subject: Sweep) {
    this.#world = world;
    this.#subject = subject;
  }

  /** Runs one operation in a process of its own. Killed, it leaves the state as it was when the kill came. */
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
      // What the zombie in this process still answers never reaches the state.
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

  /** What a refresh in a new process finds to be otherwise than the state has it. */
  async drift(): Promise<string[]> {
    const line = await Line.open(this.#world.answer);
    const engine = await engineOf(this.#world, line, this.#state);
    const drifted = await engine.refresh();
    await line.close();
    return drifted;
  }

  /** Answers what is left. An object that no state knows of goes with its ownership. */
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
  /** After the destroy: nothing of the subject's, except for what the vendor never deletes. */
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

/** Kills at the same point of another world, and goes on with a destroy, which leaves as little. */
async function destroyedStraightAfter(
  open: () => Promise<World>,
  subject: Sweep,
  operation: Operation,
  point: KillPoint,
  left: string[],
): Promise<void> {
  // In Platform a killed enablement is none, so that everything goes.
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
  test.each(operations)("killed at any call of a %s, it ends as the straight run did", async (operation) => {
    const straight = await straightRun(open, subject, operation);
    for (const [call, asked] of straight.calls.entries()) {
      // A token makes nothing; being killed over it is the same before every operation.
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
        // Here the vendor has more than the state knows.
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
