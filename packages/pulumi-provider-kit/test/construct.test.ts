import * as grpc from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import { z } from "zod";
import { definitionProvider } from "../src/definition/definition-provider.ts";
import { type RunningProvider, serve } from "../src/engine/server.ts";

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
        safe: z.object({ code: z.string().meta({ description: "Its code." }) }).meta({ description: "The safe." }),
      }),
      outputs: z.object({ total: z.int().optional().meta({ description: "What is in the tills." }) }),
      construct: () => Promise.reject(new Error("There is no counter today.")),
    },
  ],
});

let running: RunningProvider;
let client: providerGrpc.ResourceProviderClient;
beforeAll(async () => {
  running = await serve(provider, "127.0.0.1:1");
  client = new providerGrpc.ResourceProviderClient(`127.0.0.1:${running.port}`, grpc.credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await running.close();
});

function construct(type: string): Promise<string> {
  return new Promise((resolve) => {
    const request = new providerProto.ConstructRequest().setType(type).setName("main").setProject("p").setStack("s");
    client.construct(request, (error, response) => resolve(error ? error.details : response.getUrn()));
  });
}

test("the schema describes a component with its types", async () => {
  const { resources, types } = (await provider.schema()) as { resources: Record<string, object>; types: object };
  expect(resources["shop:index:Counter"]).toEqual({
    isComponent: true,
    description: "A counter.",
    inputProperties: {
      tills: { type: "integer", description: "How many tills.", default: 1 },
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
