import { azureSubjects, azureWorld } from "./azure-world.ts";
import { customerioSubjects, customerioWorld } from "./customerio-world.ts";
import type { Engine, Held } from "./engine.ts";
import { type KillPoint, Line, moments } from "./line.ts";
import { platformSubjects, platformWorld } from "./platform-world.ts";
import type { Subject, World } from "./world.ts";

const operations = ["create", "change", "delete"] as const;
type Operation = (typeof operations)[number];

/** What the engine's state holds of the swept resource: the live object, and a replaced one whose deletion is due. */
interface State {
  readonly live: Held | undefined;
  readonly due: Held | undefined;
}

/** One life in a world of its own: everything up to the operation, the operation, and what is left of both. */
class Life {
  readonly #world: World;
  readonly #subject: Subject;
  #needs: Held[] = [];
  #state: State = { live: undefined, due: undefined };

  constructor(world: World, subject: Subject) {
    this.#world = world;
    this.#subject = subject;
  }

  /** Runs one operation in a process of its own. Killed, it leaves the state as it was when the kill came. */
  async run(operation: Operation, point?: KillPoint): Promise<string[]> {
    const line = await Line.open(this.#world.url);
    const engine = await this.#world.engine(line);
    line.startOperation();
    if (!point) {
      await this.#step(engine, operation, () => true);
    } else {
      line.killAt(point);
      let dead = false;
      const killed = line.killed.then(() => {
        dead = true;
      });
      // What the zombie in this process still answers never reaches the engine.
      const zombie = this.#step(engine, operation, () => !dead).catch(() => undefined);
      await Promise.all([killed, zombie]);
    }
    await line.close();
    return line.operationCalls;
  }

  async prepare(operation: Operation): Promise<void> {
    const line = await Line.open(this.#world.url);
    const engine = await this.#world.engine(line);
    this.#needs = await this.#subject.needs(engine);
    await line.close();
    if (operation !== "create") await this.run("create");
  }

  objects(): Promise<string[]> {
    return this.#world.objects();
  }

  /** Whether a refresh in a new process finds the resource as the state has it. */
  async isSettled(): Promise<boolean> {
    const { live } = this.#state;
    if (!live) return true;
    const line = await Line.open(this.#world.url);
    const engine = await this.#world.engine(line);
    const found = await engine.read(live);
    await line.close();
    return found?.id === live.id;
  }

  async destroy(): Promise<string[]> {
    await this.run("delete");
    const line = await Line.open(this.#world.url);
    const engine = await this.#world.engine(line);
    for (const held of this.#needs.toReversed()) await engine.delete(held);
    await line.close();
    await this.#world.clear?.();
    return this.objects();
  }

  async #step(engine: Engine, operation: Operation, lives: () => boolean): Promise<void> {
    const { type, inputs, change } = this.#subject;
    const news = inputs(this.#needs.map(({ id }) => id));
    const note = (state: State) => {
      if (lives()) this.#state = state;
    };
    const { live, due } = this.#state;
    if (operation === "create") note({ live: await engine.create(type, "subject", news), due });
    if (operation === "change" && live) {
      const changed = await engine.change(live, change(news), (made) => note({ live: made, due: live }));
      note({ live: changed, due: this.#state.due });
    }
    if (operation === "delete" && live) {
      await engine.delete(live);
      note({ live: undefined, due });
    }
    // The engine ends with the deletions that are due.
    if (this.#state.due && lives()) {
      await engine.delete(this.#state.due);
      note({ ...this.#state, due: undefined });
    }
  }
}

interface Straight {
  readonly calls: string[];
  readonly objects: string[];
  readonly nothing: string[];
}

async function straightRun(open: () => Promise<World>, subject: Subject, operation: Operation): Promise<Straight> {
  const world = await open();
  const nothing = await world.objects();
  const life = new Life(world, subject);
  await life.prepare(operation);
  const calls = await life.run(operation);
  const objects = await life.objects();
  expect(await life.isSettled()).toBe(true);
  expect(await life.destroy()).toEqual(nothing);
  await world.close();
  return { calls, objects, nothing };
}

let planned = 0;
let points = 0;
const swept = new Set<string>();

const worlds = [
  ...platformSubjects.map((subject) => ({ subject, open: () => platformWorld() })),
  ...customerioSubjects.map((subject) => ({ subject, open: customerioWorld })),
  ...azureSubjects.map((subject) => ({ subject, open: azureWorld })),
].map((entry) => ({ ...entry, type: entry.subject.type }));

describe.each(worlds)("$type", ({ subject, open, type }) => {
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
        expect(await life.isSettled()).toBe(true);
        expect({ at, objects: await life.destroy() }).toEqual({ at, objects: straight.nothing });
        await world.close();
        points++;
      }
    }
    swept.add(type);
  });
});

afterAll(() => {
  const equal = points === planned ? "all" : `${points} of ${planned} tried`;
  process.stdout.write(`kill points: ${points}, resources: ${swept.size}, ${equal} equal to the straight run\n`);
});
