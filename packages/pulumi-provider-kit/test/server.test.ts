import * as grpc from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb.js";
import pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import { showProgress } from "../src/engine/progress.ts";
import { PartialFailure, type Provider, type ResourceCall } from "../src/engine/provider.ts";
import { type RunningProvider, serve } from "../src/engine/server.ts";
import { Secret } from "../src/engine/values.ts";

const secretMark = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
const urn = "urn:pulumi:dev::p::shop:index:Group$shop:index:Thing::t";

let running: RunningProvider;
let client: providerGrpc.ResourceProviderClient;
let lastCall: ResourceCall | undefined;
let createStarted: () => void;

const provider: Provider = {
  name: "shop",
  version: "1.2.3",
  schema: async () => ({ name: "shop" }),
  checkConfig: (inputs) => ({ inputs, failures: [{ property: "pin", reason: "The pin is missing." }] }),
  configure: async () => undefined,
  supportsAutonaming: true,
  check: async (_call, { news, randomSeed = [], autonaming = { mode: "", proposedName: "" } }) => ({
    inputs: { ...news, seed: [...randomSeed], ...autonaming },
    failures: [],
  }),
  diff: async () => ({ detailed: { name: "update-replace", "tags[1].x": "add" }, deleteBeforeReplace: true }),
  create: async (call, { inputs }) => {
    lastCall = call;
    if (inputs.name === "slow") {
      call.signal.throwIfAborted();
      createStarted();
      await new Promise((_, reject) => call.signal.addEventListener("abort", () => reject(call.signal.reason)));
    }
    if (inputs.name === "half") {
      throw new PartialFailure({ id: "h", properties: { name: "half" }, inputs, reasons: ["Not enabled yet."] });
    }
    return { id: "1", properties: { ...inputs, key: new Secret("k") } };
  },
  read: async (_call, { id, inputs, state }) =>
    id === "gone" ? undefined : { id, inputs: { from: Object.keys(inputs).length }, properties: state },
  update: async (_call, { news }) => news,
  delete: async () => {
    throw new Error("The thing is in use. Remove its user first.");
  },
  invoke: async (token, args) => ({ token, ...args }),
};

beforeAll(async () => {
  running = await serve(provider);
  client = new providerGrpc.ResourceProviderClient(`127.0.0.1:${running.port}`, grpc.credentials.createInsecure());
});

afterAll(() => {
  client.close();
  return running.close();
});

const struct = (object: object) => structProto.Struct.fromJavaScript(object as never);

function create(inputs: object): Promise<providerProto.CreateResponse> {
  const request = new providerProto.CreateRequest().setUrn(urn).setProperties(struct(inputs));
  return new Promise((resolve, reject) => {
    client.create(request, (error, response) => (error ? reject(error) : resolve(response)));
  });
}

test("create passes values both ways, marks secrets, and derives type and name from the URN", async () => {
  const response = await create({ name: { ...secretMark, value: "n" } });
  expect(response.getId()).toBe("1");
  expect(response.getProperties()?.toJavaScript()).toEqual({
    name: { ...secretMark, value: "n" },
    key: { ...secretMark, value: "k" },
  });
  expect([lastCall?.type, lastCall?.name]).toEqual(["shop:index:Thing", "t"]);
});

test("check passes on what names have to follow: the seed, and the stack's pulumi:autonaming", async () => {
  const { AutonamingOptions } = providerProto.CheckRequest;
  const request = new providerProto.CheckRequest()
    .setUrn(urn)
    .setNews(struct({ name: "n" }))
    .setRandomseed(Uint8Array.of(7, 8))
    .setAutonaming(new AutonamingOptions().setProposedName("p").setMode(AutonamingOptions.Mode.ENFORCE));
  const response = await new Promise<providerProto.CheckResponse>((resolve, reject) => {
    client.check(request, (error, answer) => (error ? reject(error) : resolve(answer)));
  });
  expect(response.getInputs()?.toJavaScript()).toEqual({
    name: "n",
    seed: [7, 8],
    mode: "enforce",
    proposedName: "p",
  });
  // Without this, the engine would pass on nothing.
  const configured = await new Promise<providerProto.ConfigureResponse>((resolve, reject) => {
    client.configure(new providerProto.ConfigureRequest(), (error, answer) =>
      error ? reject(error) : resolve(answer),
    );
  });
  expect(configured.getSupportsAutonamingConfiguration()).toBe(true);
});

test("a partly created resource is returned in the status details", async () => {
  const error: grpc.ServiceError = await create({ name: "half" }).catch((caught) => caught);
  const status = statusProto.Status.deserializeBinary(
    Uint8Array.from(error.metadata.get("grpc-status-details-bin")[0] as Buffer),
  );
  const packed = status.getDetailsList()[0];
  expect(packed?.getTypeName()).toBe("pulumirpc.ErrorResourceInitFailed");
  const detail = providerProto.ErrorResourceInitFailed.deserializeBinary(packed?.getValue_asU8() ?? new Uint8Array());
  expect([detail.getId(), detail.getReasonsList()]).toEqual(["h", ["Not enabled yet."]]);
  expect(detail.getProperties()?.toJavaScript()).toEqual({ name: "half" });
});

/** What a creation that does not end by itself fails with. */
const createSlowly = () => create({ name: "slow" }).catch((caught: grpc.ServiceError) => caught.details);

test("cancel aborts current operations, and those that the engine had begun without having called yet", async () => {
  const started = new Promise<void>((resolve) => {
    createStarted = resolve;
  });
  const creating = createSlowly();
  await started;
  await new Promise((resolve) => client.cancel(new emptyProto.Empty(), resolve));
  expect(await creating).toBe("stopped by the user");
  expect(await createSlowly()).toBe("stopped by the user");
  // Another engine that attaches starts again.
  await new Promise((resolve) => client.attach(new pluginProto.PluginAttach(), resolve));
  expect((await create({ name: "fast" })).getId()).toBe("1");
});

test("an operation ends when its time limit is over", async () => {
  const started = new Promise<void>((resolve) => {
    createStarted = resolve;
  });
  const request = new providerProto.CreateRequest()
    .setUrn(urn)
    .setProperties(struct({ name: "slow" }))
    .setTimeout(0.05);
  const creating = new Promise((resolve) => client.create(request, (error) => resolve(error?.details)));
  await started;
  expect(await creating).toBe("timed out after 0.05 s");
});

test("diff returns paths, replaced properties and the order of the replacement", async () => {
  const response = await new Promise<providerProto.DiffResponse>((resolve, reject) => {
    client.diff(new providerProto.DiffRequest().setUrn(urn), (error, answer) =>
      error ? reject(error) : resolve(answer),
    );
  });
  const kinds = providerProto.PropertyDiff.Kind;
  expect(response.getChanges()).toBe(providerProto.DiffResponse.DiffChanges.DIFF_SOME);
  expect(response.getReplacesList()).toEqual(["name"]);
  expect(response.getDiffsList()).toEqual(["name", "tags"]);
  expect(response.getDeletebeforereplace()).toBe(true);
  expect(response.getDetaileddiffMap().get("name")?.getKind()).toBe(kinds.UPDATE_REPLACE);
  expect(response.getDetaileddiffMap().get("tags[1].x")?.getKind()).toBe(kinds.ADD);
});

test("read without properties is an import; an empty id means gone", async () => {
  const read = (id: string) =>
    new Promise<providerProto.ReadResponse>((resolve, reject) => {
      client.read(new providerProto.ReadRequest().setUrn(urn).setId(id), (error, answer) =>
        error ? reject(error) : resolve(answer),
      );
    });
  expect((await read("a")).getInputs()?.toJavaScript()).toEqual({ from: 0 });
  expect((await read("gone")).getId()).toBe("");
});

test("errors reach the user unchanged, without a stack trace", async () => {
  const error = await new Promise<grpc.ServiceError | null>((resolve) => {
    client.delete(new providerProto.DeleteRequest().setUrn(urn).setId("1"), (caught) => resolve(caught));
  });
  expect(error?.details).toBe("The thing is in use. Remove its user first.");
});

test("settings that are refused come back with their property", async () => {
  const response = await new Promise<providerProto.CheckResponse>((resolve, reject) => {
    client.checkConfig(new providerProto.CheckRequest(), (error, answer) => (error ? reject(error) : resolve(answer)));
  });
  expect(response.getFailuresList().map((failure) => failure.toObject())).toEqual([
    { property: "pin", reason: "The pin is missing." },
  ]);
});

test("changed settings are reported as a change that replaces nothing", async () => {
  const diffConfig = (olds: object, news: object) =>
    new Promise<providerProto.DiffResponse>((resolve, reject) => {
      const request = new providerProto.DiffRequest().setOldInputs(struct(olds)).setNews(struct(news));
      client.diffConfig(request, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
  const changes = providerProto.DiffResponse.DiffChanges;
  expect((await diffConfig({ pin: "1" }, { pin: { ...secretMark, value: "1" } })).getChanges()).toBe(changes.DIFF_NONE);
  const rotated = await diffConfig({ pin: "1" }, { pin: "2" });
  expect([rotated.getChanges(), rotated.getReplacesList()]).toEqual([changes.DIFF_SOME, []]);
});

test("a function's progress is shown beside the stack", async () => {
  const engine = new grpc.Server();
  const logged = new Promise<LogRequest>((resolve) => {
    engine.addService(engineGrpc.EngineService as unknown as grpc.ServiceDefinition, {
      log: ({ request }: { request: LogRequest }, answer: (error: null, empty: unknown) => void) => {
        answer(null, new emptyProto.Empty());
        resolve(request);
      },
    });
  });
  const port = await new Promise<number>((resolve, reject) => {
    const ready = (error: Error | null, bound: number) => (error ? reject(error) : resolve(bound));
    engine.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), ready);
  });
  const waiting: Provider = {
    ...provider,
    invoke: async () => {
      showProgress("The shop asks to wait 60 s.");
      return {};
    },
  };
  const other = await serve(waiting, `127.0.0.1:${port}`);
  const caller = new providerGrpc.ResourceProviderClient(`127.0.0.1:${other.port}`, grpc.credentials.createInsecure());
  await new Promise<void>((resolve, reject) => {
    const request = new providerProto.InvokeRequest().setTok("shop:index:getPrice");
    caller.invoke(request, (error) => (error ? reject(error) : resolve()));
  });
  const request = await logged;
  expect([request.getUrn(), request.getMessage(), request.getEphemeral()]).toEqual([
    "",
    "The shop asks to wait 60 s.",
    true,
  ]);
  caller.close();
  await other.close();
  engine.forceShutdown();
});
