import { readFile } from "node:fs/promises";
import Module from "node:module";
import { join } from "node:path";
import { buildRelay, type RelayBundle } from "../../relay/build.ts";

let bundle: RelayBundle;
beforeAll(async () => {
  bundle = await buildRelay();
});

const read = (name: string) => readFile(join(bundle.folder, name), "utf8");

test("the same sources give the same bytes, without a path of this machine in them", async () => {
  const code = await read("index.cjs");
  const blobs = await read("blobs.cjs");
  const atStart = Buffer.byteLength(code);
  expect(bundle.bytes).toEqual({ atStart, all: atStart + Buffer.byteLength(blobs) });
  await buildRelay();
  expect([await read("index.cjs"), await read("blobs.cjs")]).toEqual([code, blobs]);
  expect(`${code}${blobs}`.includes(join(bundle.folder, "..", ".."))).toBe(false);
});

test("a start loads none of Azure's libraries for storage", async () => {
  const { sources } = bundle.sourceMap;
  expect(sources.filter((source) => /node_modules\/@(azure|typespec)\//.test(source))).toEqual([]);
});

test("the code contains the digest that package.json gives for this build", async () => {
  const { build } = JSON.parse(await read("package.json"));
  expect(build).toMatch(/^[0-9a-f]{16}$/);
  expect(await read("index.cjs")).toContain(`"${build}"`);
});

test("host.json and package.json are what a Functions host looks for", async () => {
  expect(JSON.parse(await read("package.json"))).toMatchObject({ main: "index.cjs" });
  expect(JSON.parse(await read("host.json"))).toMatchObject({
    version: "2.0",
    extensions: { http: { routePrefix: "" }, queues: { messageEncoding: "base64", maxDequeueCount: 5 } },
  });
});

/** The triggers of the functions that the bundle registers in a host with these app settings, by their names. */
async function registeredFunctions(settings: Record<string, string> = {}): Promise<Record<string, unknown>> {
  const registered: Record<string, unknown> = {};
  const core = {
    version: "1",
    hostVersion: "4",
    registerFunction: ({ name, bindings }: { name: string; bindings: Record<string, object> }) => {
      registered[name] = Object.values(bindings).filter(
        (binding) => (binding as { direction: string }).direction === "in",
      );
      return { dispose() {} };
    },
    setProgrammingModel() {},
    registerHook: () => ({ dispose() {} }),
    log() {},
    Disposable: class {},
  };
  // jest gives tests a `require` of its own; the bundle has to be loaded by Node's, as in a host.
  const module = new Module(join(bundle.folder, "index.cjs")) as Module & {
    _compile(code: string, file: string): void;
  };
  module.require = ((id: string) => (id === "@azure/functions-core" ? core : require(id))) as NodeJS.Require;
  // Its environment is not that of jest's `process`, either.
  const inHost = (code: string) => module._compile(code, join(bundle.folder, "index.cjs"));
  inHost(`Object.assign(process.env, ${JSON.stringify(settings)})`);
  inHost(await read("index.cjs"));
  for (const name of Object.keys(settings)) inHost(`delete process.env.${name}`);
  return registered;
}

const queue = { type: "queueTrigger", connection: "RELAY_STORAGE" };

test("it registers five functions under their fixed names in a host without any setting", async () => {
  const http = { type: "httpTrigger", authLevel: "anonymous" };
  expect(await registeredFunctions()).toMatchObject({
    intake: [{ ...http, methods: ["POST"], route: "customerio" }],
    health: [{ ...http, methods: ["GET"], route: "health" }],
    takeover: [{ ...http, methods: ["POST"], route: "takeover" }],
    forwarder: [{ ...queue, queueName: "events" }],
    poison: [{ ...queue, queueName: "events-poison" }],
  });
});

test("with several queues of events, it registers two functions for each", async () => {
  const registered = await registeredFunctions({ EVENT_QUEUES: "3" });
  expect(Object.keys(registered)).toHaveLength(9);
  expect(registered).toMatchObject({
    forwarder: [{ ...queue, queueName: "events" }],
    poison: [{ ...queue, queueName: "events-poison" }],
    "forwarder-2": [{ ...queue, queueName: "events-2" }],
    "poison-2": [{ ...queue, queueName: "events-2-poison" }],
    "forwarder-3": [{ ...queue, queueName: "events-3" }],
    "poison-3": [{ ...queue, queueName: "events-3-poison" }],
  });
});
