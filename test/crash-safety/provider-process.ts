import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import { encodeMap, type PropertyMap } from "../../packages/pulumi-provider-kit/src/engine/values.ts";
import { type Held, urnOf } from "../engine/engine.ts";
import { stack, type World } from "./world.ts";

const struct = (object: object) => structProto.Struct.fromJavaScript(object as never);

/** A provider's executable, started and called as by the engine, that can be killed. */
export class ProviderProcess {
  readonly #child: ChildProcess;
  readonly #client: providerGrpc.ResourceProviderClient;
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcess, port: string) {
    this.#child = child;
    this.#client = new providerGrpc.ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    this.#exited = new Promise((resolve) => child.on("exit", resolve));
  }

  /** Configured to call the vendor at `url`. */
  static async start(world: World, url: string): Promise<ProviderProcess> {
    const bin = path.resolve(__dirname, "../../node_modules/.bin");
    const child = spawn(path.join(bin, `pulumi-resource-${world.package}`), [], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const port = await new Promise<string>((resolve) => createInterface(child.stdout).once("line", resolve));
    const provider = new ProviderProcess(child, port);
    const request = new providerProto.ConfigureRequest().setArgs(struct(world.config(url)));
    await new Promise<void>((resolve, reject) => {
      provider.#client.configure(request, (error) => (error ? reject(error) : resolve()));
    });
    return provider;
  }

  /** As an `up` does for each resource of the state that the program declares unchanged. */
  compare({ type, name, id, inputs, properties }: Held): Promise<void> {
    const [olds, same] = [struct(encodeMap(properties)), struct(encodeMap(inputs))];
    const request = new providerProto.DiffRequest().setUrn(urnOf(stack, { type, name })).setId(id);
    request.setOlds(olds).setOldInputs(same).setNews(same);
    return new Promise((resolve, reject) => {
      this.#client.diff(request, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Returns the id. */
  create(type: string, inputs: PropertyMap): Promise<string> {
    const urn = urnOf(stack, { type, name: "subject" });
    const request = new providerProto.CreateRequest().setUrn(urn).setProperties(struct(encodeMap(inputs)));
    return new Promise((resolve, reject) => {
      this.#client.create(request, (error, made) => (error ? reject(error) : resolve(made.getId())));
    });
  }

  /** SIGKILL: the process ends without any further action. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
    this.#client.close();
  }
}
