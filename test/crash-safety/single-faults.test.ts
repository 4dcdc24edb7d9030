import { type Fault, Line } from "./line.ts";
import { sweeps } from "./sweeps.ts";
import { programOf, type Sweep, TestStack, type World } from "./world.ts";

const operations = ["create", "change", "delete"] as const;
type Operation = (typeof operations)[number];

/**
 * Every class of fault that leaves unclear whether the vendor has acted. The providers treat 500 and 502 as 503; the test of
 * pulumi-provider-kit's HTTP client has all statuses.
 */
const faults: readonly (readonly [name: string, fault: Fault])[] = [
  ...[408, 503, 504].map((status) => [String(status), { status, body: "{}" }] as const),
  ["503 with Retry-After", { status: 503, body: "{}", headers: { "retry-after": "0" } }],
  ["a redirect", { status: 307, body: "" }],
  ["a proxy's page", { status: 200, body: "<html>Bad gateway</html>", headers: { "content-type": "text/html" } }],
  ["reset", { break: "reset" }],
  ["timeout", { break: "hang" }],
];

interface Case {
  readonly name: string;
  readonly fault: Fault;
}

const cases: readonly Case[] = [
  ...faults.flatMap(([name, fault]) => [
    { name: `${name} before the effect`, fault },
    { name: `${name} after the effect`, fault: { ...fault, acted: true } },
  ]),
  { name: "truncated after the effect", fault: { break: "truncated", acted: true } },
  // As where a gateway repeats a call itself, and the vendor refuses the second one.
  {
    name: "a refusal of the repeated call",
    fault: {
      acted: true,
      status: 400,
      body: JSON.stringify({ type: "http://ns.adobe.com/aep/errors/XDM-1521-400", title: "Title not unique" }),
    },
  },
];

/** A world: what exists before the operation, the operation with its fault, and what follows, each in a process of its own. */
class Life {
  readonly world: World;
  readonly line: Line;
  readonly #subject: Sweep;
  readonly #stack: TestStack;

  private constructor(world: World, line: Line, subject: Sweep) {
    this.world = world;
    this.line = line;
    this.#subject = subject;
    this.#stack = new TestStack(world, line);
  }

  static async open(open: () => Promise<World>, subject: Sweep): Promise<Life> {
    const world = await open();
    return new Life(world, await Line.open(world.answer), subject);
  }

  async prepare(operation: Operation): Promise<void> {
    await this.run("delete");
    await this.world.clear?.();
    if (operation !== "create") await this.run("create");
    await this.world.rest();
    this.line.startOperation();
  }

  run(operation: Operation, fault?: Fault): Promise<void> {
    return this.#stack.run((engine) => engine.up(programOf(this.#subject, operation)), fault);
  }

  refresh(): Promise<string[]> {
    return this.#stack.run((engine) => engine.refresh());
  }

  async close(): Promise<void> {
    await this.line.close();
    await this.world.close();
  }
}

let struck = 0;
let failed = 0;

describe.each(sweeps)("$type", ({ subject, open }) => {
  test.each(operations)(
    "one fault at any call of a %s that changes something leaves one object of each",
    async (operation) => {
      let life = await Life.open(open, subject);
      await life.prepare(operation);
      await life.run(operation);
      const objects = await life.world.objects();
      const calls = life.line.operationCalls;
      for (const [index, call] of calls.entries()) {
        if (call.startsWith("GET ") || call.includes("/ims/")) continue;
        for (const { name, fault } of cases) {
          if (name === "a refusal of the repeated call" && !/tenant\/(schemas|fieldgroups)$/.test(call)) continue;
          const at = `${operation}: ${call} with ${name}`;
          // Each case leaves what an undisturbed run leaves, so the next one may begin in its world, unless the vendor keeps the object.
          if (subject.lasts) {
            await life.close();
            life = await Life.open(open, subject);
          }
          await life.prepare(operation);
          life.line.fault = (_call, now) => (now === index ? fault : undefined);
          const error = await life.run(operation, fault).then(
            () => undefined,
            (reason: Error) => reason,
          );
          life.line.fault = () => undefined;
          if (error === undefined) {
            expect({ at, objects: await life.world.objects() }).toEqual({ at, objects });
          } else {
            failed++;
            expect({ at, message: error.message }).toEqual({
              at,
              message: expect.stringMatching(/^.*Could not [a-z]/s),
            });
          }
          await life.world.rest();
          await life.run(operation);
          expect({ at, objects: await life.world.objects() }).toEqual({ at, objects });
          expect({ at, drift: await life.refresh() }).toEqual({ at, drift: [] });
          struck++;
        }
      }
      await life.close();
    },
  );
});

afterAll(() => {
  process.stdout.write(
    `single faults: ${struck} calls struck, ${struck - failed} went on by themselves, ${failed} ended in an error and were finished by the next run\n`,
  );
});
