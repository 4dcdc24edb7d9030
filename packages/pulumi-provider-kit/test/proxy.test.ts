import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as grpc from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb.js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";

const folder = mkdtempSync(path.join(tmpdir(), "provider-proxy-"));
const server = path.resolve(__dirname, "../src/engine/server.ts");
// Its check warns.
const plugin = `
import { main } from "${server}";
const check = async ({ warn }, { news }) => {
  warn("Mind the gap.");
  return { inputs: news, failures: [] };
};
await main({ name: "shop", version: "1.0.0", check });
`;

const engine = new grpc.Server();
let child: ChildProcess;

afterAll(() => {
  child.kill("SIGKILL");
  engine.forceShutdown();
  rmSync(folder, { recursive: true });
});

test("a plugin reaches the engine past a proxy of the environment, as the engine reaches the plugin", async () => {
  const warned = new Promise<string>((resolve) => {
    engine.addService(engineGrpc.EngineService as unknown as grpc.ServiceDefinition, {
      log: ({ request }: { request: LogRequest }, answer: (error: null, empty: unknown) => void) => {
        answer(null, new emptyProto.Empty());
        resolve(request.getMessage());
      },
    });
  });
  const port = await new Promise<number>((resolve, reject) => {
    const ready = (error: Error | null, bound: number) => (error ? reject(error) : resolve(bound));
    engine.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), ready);
  });
  const file = path.join(folder, "plugin.mjs");
  writeFileSync(file, plugin);
  // Nothing listens at the proxy's address.
  const proxy = { http_proxy: "http://127.0.0.1:9", https_proxy: "http://127.0.0.1:9", no_proxy: "" };
  const env = { ...process.env, ...proxy };
  child = spawn(process.execPath, [file, `127.0.0.1:${port}`], { env, stdio: ["ignore", "pipe", "inherit"] });
  const [said] = child.stdout ? await once(child.stdout, "data") : [];
  const client = new providerGrpc.ResourceProviderClient(
    `127.0.0.1:${String(said).trim()}`,
    grpc.credentials.createInsecure(),
  );
  await new Promise<void>((resolve, reject) => {
    const request = new providerProto.CheckRequest().setUrn("urn:pulumi:dev::p::shop:index:Thing::t");
    client.check(request, (error) => (error ? reject(error) : resolve()));
  });
  client.close();
  expect(await warned).toBe("Mind the gap.");
}, 15_000);
