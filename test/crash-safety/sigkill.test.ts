import { customerioSweeps, customerioWorld } from "./customerio-world.ts";
import { Line, type Moment } from "./line.ts";
import { platformSweeps, platformWorld } from "./platform-world.ts";
import { ProviderProcess } from "./provider-process.ts";
import { programOf, type Sweep, TestStack, type World } from "./world.ts";

interface Kill {
  readonly subject: Sweep;
  readonly open: () => Promise<World>;
  readonly type: string;
  /** The first call of this method is the last of the process. */
  readonly method: string;
  readonly moment: Moment;
}

const creations: Kill[] = platformSweeps
  // An enablement is a PATCH of its schema, and a guard is not an object: neither leaves anything to adopt.
  .filter(({ type }) => !["aep:index:ProfileEnablement", "aep:index:DatasetGuard"].includes(type))
  .map((subject) => ({
    subject,
    open: () => platformWorld({ activationSeconds: 0 }),
    type: subject.type,
    method: "POST",
    moment: "acted",
  }));
const dataset = creations.filter(({ type }) => type === "aep:index:Dataset");
const webhooks = customerioSweeps.map((subject) => ({ subject, open: customerioWorld, type: subject.type }));
const kills: Kill[] = [
  ...creations,
  ...dataset.flatMap((kill) => [
    { ...kill, moment: "before" as const },
    { ...kill, moment: "answered" as const },
  ]),
  ...webhooks.flatMap((webhook) => [
    { ...webhook, method: "POST", moment: "acted" as const },
    { ...webhook, method: "PUT", moment: "acted" as const },
  ]),
];

let killed = 0;

test.each(kills)(
  "$type: a process killed at $method ($moment) leaves an object that the next one adopts",
  async (kill) => {
    const { subject, open, type, method, moment } = kill;
    const world = await open();
    const objects = async () => {
      await world.rest();
      return world.objects();
    };
    const nothing = await objects();
    const helperLine = await Line.open(world.answer);

    // The result of an undisturbed run, for comparison.
    const helper = new TestStack(world, helperLine);
    await helper.run((engine) => engine.up(programOf(subject, "create")));
    const straight = helper.current("subject");
    if (!straight) throw new Error("the straight run made nothing");
    const expected = await objects();
    await helper.run((engine) => engine.up(programOf(subject, "delete")));

    const line = await Line.open(world.answer);
    const first = await ProviderProcess.start(world, line.url);
    line.startOperation();
    line.killAtMethod(method, moment);
    const dying = first.create(type, straight.inputs).catch(() => undefined);
    await line.killed;
    await first.kill();
    await dying;
    await line.close();

    const secondLine = await Line.open(world.answer);
    const second = await ProviderProcess.start(world, secondLine.url);
    for (const held of helper.state) await second.compare(held);
    const id = await second.create(type, straight.inputs);
    await second.kill();
    await secondLine.close();
    expect(await objects()).toEqual(expected);

    helper.state = [...helper.state, { ...straight, id }];
    await helper.run((engine) => engine.destroy());
    expect(await objects()).toEqual(nothing);
    await helperLine.close();
    await world.close();
    killed++;
  },
);

afterAll(() => {
  process.stdout.write(`real SIGKILLs: ${killed}, all adopted by the next process\n`);
});
