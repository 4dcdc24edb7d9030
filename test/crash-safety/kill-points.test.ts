import { type Engine, type Held, OperationFailed } from "../engine/engine.ts";
import { type KillPoint, Line, moments } from "./line.ts";
import { sweeps } from "./sweeps.ts";
import { engineOf, programOf, type Sweep, type World } from "./world.ts";

const operations = ["create", "change", "delete"] as const;
type Operation = (typeof operations)[number];

/** A life in a world: everything up to the operation, the operation, and what is left. */
class Life {
  readonly #world: World;
  readonly #subject: Sweep;
  /** Of the processes that are not killed. */
  readonly #line: Line;
  #state: readonly Held[] = [];

  private constructor(world: World, subject: Sweep, line: Line) {
    this.#world = world;
    this.#subject = subject;
    this.#line = line;
  }

  static async begin(world: World, subject: Sweep): Promise<Life> {
    await world.rest();
    return new Life(world, subject, await Line.open(world.answer));
  }

  /** Runs one operation in a new process, and returns its calls. */
  async run(operation: Operation): Promise<string[]> {
    this.#line.startOperation();
    await this.#command((engine) => engine.up(programOf(this.#subject, operation)));
    return this.#line.operationCalls;
  }

  /** Kills the process of an operation, which leaves the state as it was at the kill. */
  async kill(operation: Operation, point: KillPoint): Promise<void> {
    const line = await Line.open(this.#world.answer);
    const engine = await engineOf(this.#world, line, this.#state);
    line.killAt(point);
    // Answers of the zombie in this process never reach the state.
    const killed = line.killed.then(() => {
      this.#state = engine.state;
    });
    await Promise.all([killed, engine.up(programOf(this.#subject, operation)).catch(() => undefined)]);
    await line.close();
  }

  async prepare(operation: Operation): Promise<void> {
    await this.run("delete");
    if (operation !== "create") await this.run("create");
  }

  objects(): Promise<string[]> {
    return this.#world.objects();
  }

  /** The differences that a refresh in a new process finds. */
  drift(): Promise<string[]> {
    return this.#command((engine) => engine.refresh());
  }

  /** Ends with a destroy, and returns what is left. An object that is not in the state is deleted with its ownership. */
  async end(): Promise<string[]> {
    await this.#command(async (engine) => {
      while (engine.state.length > 0) {
        await engine.destroy().catch((error: unknown) => {
          const released = error instanceof OperationFailed && this.#subject.lasts && engine.release(error);
          if (!released) throw error;
        });
      }
    });
    await this.#line.close();
    await this.#world.clear?.();
    return this.objects();
  }

  async #command<Result>(command: (engine: Engine) => Promise<Result>): Promise<Result> {
    const engine = await engineOf(this.#world, this.#line, this.#state);
    const result = await command(engine);
    this.#state = engine.state;
    return result;
  }
}

let planned = 0;
let destroyed = 0;
let points = 0;
const swept = new Set<string>();

describe.each(sweeps)("$type", ({ subject, open, type }) => {
  test.each(operations)("after a kill at any call of a %s it ends like an undisturbed run", async (operation) => {
    let world = await open();
    const nothing = await world.objects();
    const begin = async () => {
      // Each life leaves nothing behind, except what the vendor never deletes.
      if (subject.lasts) {
        await world.close();
        world = await open();
      }
      const life = await Life.begin(world, subject);
      await life.prepare(operation);
      return life;
    };

    const straight = await begin();
    const calls = await straight.run(operation);
    const objects = await straight.objects();
    expect(await straight.drift()).toEqual([]);
    const left = await straight.end();
    expect(left).toEqual(subject.lasts ? objects.filter(subject.lasts) : nothing);

    for (const [call, asked] of calls.entries()) {
      // A token request creates nothing; a kill at it is the same before every operation.
      if (asked.includes("/ims/") && operation !== "create") continue;
      for (const moment of moments) {
        planned++;
        const at = `killed at ${asked} (${moment})`;
        const life = await begin();
        await life.kill(operation, { call, moment });
        await life.run(operation);
        expect({ at, objects: await life.objects() }).toEqual({ at, objects });
        expect({ at, drift: await life.drift() }).toEqual({ at, drift: [] });
        expect({ at, objects: await life.end() }).toEqual({ at, objects: left });
        points++;
        // Here the vendor has more objects than the state. In Platform a killed enablement has no effect, so that everything is deleted.
        if (moment !== "acted" || subject.lasts) continue;
        const destroyedNext = await begin();
        await destroyedNext.kill(operation, { call, moment });
        expect({ at, objects: await destroyedNext.end() }).toEqual({ at, objects: left });
        destroyed++;
      }
    }
    await world.close();
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
