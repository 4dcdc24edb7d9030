import * as grpc from "@grpc/grpc-js";
import * as pulumi from "@pulumi/pulumi";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import resourceGrpc from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import resourceProto from "@pulumi/pulumi/proto/resource_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import { z } from "zod";
import { definitionProvider } from "../src/definition/definition-provider.ts";
import { type RunningProvider, serve } from "../src/engine/server.ts";

/** A component whose only output fails if it has no safe, and which otherwise returns its arguments. */
class Counter extends pulumi.ComponentResource {
  readonly total: Promise<number> | pulumi.Output<number>;
  constructor(name: string, inputs: pulumi.Inputs) {
    super("shop:index:Counter", name);
    given = inputs;
    this.total = inputs.safe === undefined ? Promise.reject(new Error("There is no safe.")) : pulumi.secret(5);
  }
}

/** Of the last component. */
let given: pulumi.Inputs;
let made: object | undefined;

const provider = definitionProvider({
  name: "shop",
  version: "1.0.0",
  displayName: "Shop",
  description: "A shop.",
  config: z.object({}),
  connect: () => undefined,
  resources: [],
  components: async () => [
    {
      type: "shop:index:Counter",
      description: "A counter.",
      inputs: z.object({
        tills: z.int().default(1).meta({ description: "How many tills." }),
        size: z.literal([20, 30]).default(20).meta({ description: "Of each till." }),
        safe: z.object({ code: z.string().meta({ description: "Its code." }) }).meta({ description: "The safe." }),
      }),
      outputs: z.object({ total: z.int().optional().meta({ description: "What is in the tills.", secret: true }) }),
      construct: async (name, inputs) => new Counter(name, inputs),
    },
  ],
});

let running: RunningProvider;
let client: providerGrpc.ResourceProviderClient;
/** Stands for the engine, as far as a component without parts needs it. */
const monitor = new grpc.Server();
let monitorAddress: string;
beforeAll(async () => {
  type Answer = (error: null, response: unknown) => void;
  monitor.addService(resourceGrpc.ResourceMonitorService as unknown as grpc.ServiceDefinition, {
    supportsFeature: ({ request }: { request: resourceProto.SupportsFeatureRequest }, answer: Answer) =>
      answer(null, new resourceProto.SupportsFeatureResponse().setHassupport(request.getId() === "secrets")),
    registerResource: ({ request }: { request: resourceProto.RegisterResourceRequest }, answer: Answer) =>
      answer(null, new resourceProto.RegisterResourceResponse().setUrn(`urn:${request.getName()}`)),
    registerResourceOutputs: (_: unknown, answer: Answer) => answer(null, new emptyProto.Empty()),
  });
  const credentials = grpc.ServerCredentials.createInsecure();
  const port = await new Promise((resolve) => {
    monitor.bindAsync("127.0.0.1:0", credentials, (_, bound) => resolve(bound));
  });
  monitorAddress = `127.0.0.1:${port}`;
  running = await serve(provider, "127.0.0.1:1");
  client = new providerGrpc.ResourceProviderClient(`127.0.0.1:${running.port}`, grpc.credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await running.close();
  monitor.forceShutdown();
});

function construct(type: string, inputs: object = {}): Promise<string> {
  return new Promise((resolve) => {
    const request = new providerProto.ConstructRequest().setType(type).setName("main").setProject("p").setStack("s");
    request.setMonitorendpoint(monitorAddress).setInputs(structProto.Struct.fromJavaScript(inputs as never));
    client.construct(request, (error, response) => {
      made = response?.getState()?.toJavaScript();
      resolve(error ? error.details : response.getUrn());
    });
  });
}

test("the schema describes a component with its types", async () => {
  const { resources, types } = (await provider.schema()) as { resources: Record<string, object>; types: object };
  expect(resources["shop:index:Counter"]).toEqual({
    isComponent: true,
    description: "A counter.",
    inputProperties: {
      tills: { type: "integer", description: "How many tills.", default: 1 },
      size: { type: "integer", description: "Of each till.", default: 20 },
      safe: { $ref: "#/types/shop:index:CounterSafe", description: "The safe." },
    },
    requiredInputs: ["safe"],
    properties: { total: { type: "integer", description: "What is in the tills." } },
    required: [],
  });
  expect(Object.keys(types)).toEqual(["shop:index:CounterSafe"]);
});

test("a type that is not a component is refused by name", async () => {
  expect(await construct("shop:index:Nothing")).toBe("The provider shop has no component shop:index:Nothing.");
});

test("a failed component is reported in its own words", async () => {
  expect(await construct("shop:index:Counter")).toBe("There is no safe.");
});

test("a secret output is one without a word of it in the schema, which Java's generator would turn into wrong code", async () => {
  await construct("shop:index:Counter", { safe: {} });
  expect(made).toEqual({ total: { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: 5 } });
});

test("an argument that is null was not given, as Python's None in a dictionary", async () => {
  expect(await construct("shop:index:Counter", { tills: null, safe: { code: null, doors: [{ lock: null }, 2] } })).toBe(
    "urn:main",
  );
  expect(given).toEqual({ safe: { doors: [{}, 2] } });
});

test("an output inside an argument leaves the rest of it known", async () => {
  const accepts = await Promise.all([
    new Promise((resolve) => {
      client.handshake(new providerProto.ProviderHandshakeRequest(), (_, answer) => resolve(answer.getAcceptOutputs()));
    }),
    new Promise((resolve) => {
      client.configure(new providerProto.ConfigureRequest(), (_, answer) => resolve(answer.getAcceptoutputs()));
    }),
  ]);
  expect(accepts).toEqual([true, true]);
  const outputMark = { "4dabf18193072939515e22adb298388d": "d0e6a833031e9bbcd3f4e8bde6ca49a4" };
  await construct("shop:index:Counter", { safe: { code: { ...outputMark }, doors: 2 } });
  expect(pulumi.Output.isInstance(given.safe.code)).toBe(true);
  expect(given.safe.doors).toBe(2);
});
