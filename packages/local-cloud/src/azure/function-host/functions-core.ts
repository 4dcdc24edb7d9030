import Module from "node:module";
import type { HostLog, HostLogLevel } from "./host-log.ts";

/** The contract between `@azure/functions` and the worker, which no package publishes types for. */
export interface Binding {
  readonly type: string;
  readonly direction: "in" | "out";
  readonly [option: string]: unknown;
}

export interface FunctionMetadata {
  readonly name: string;
  /** By binding name; `$return` is the return value. */
  readonly bindings: Readonly<Record<string, Binding>>;
}

export interface TypedData {
  readonly string?: string;
  readonly json?: string;
  readonly bytes?: Uint8Array;
  readonly int?: number;
  readonly double?: number;
  readonly http?: HttpData;
}

export interface HttpData {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, string>>;
  readonly statusCode?: string;
  readonly cookies?: readonly Readonly<Record<string, unknown>>[];
  readonly body?: TypedData | null;
}

export interface InvocationRequest {
  readonly invocationId: string;
  readonly inputData: readonly { name: string; data: TypedData }[];
  readonly triggerMetadata: Readonly<Record<string, TypedData>>;
}

export interface InvocationResponse {
  readonly returnValue?: TypedData | null;
  readonly outputData?: readonly { name: string; data: TypedData }[];
}

export interface CoreInvocationContext {
  readonly invocationId: string;
  readonly request: InvocationRequest;
  readonly metadata: FunctionMetadata;
  state?: "preInvocationHooks" | "invocation" | "postInvocationHooks" | undefined;
  log(level: HostLogLevel, category: "user" | "system", message: string): void;
}

export interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<InvocationResponse>;
}

interface ProgrammingModel {
  readonly name: string;
  readonly version: string;
  getInvocationModel(context: CoreInvocationContext): InvocationModel;
  getCapabilities(capabilities: Record<string, string>): Promise<Record<string, string>>;
}

type FunctionCallback = (...values: unknown[]) => unknown;
type HookCallback = (context: object) => unknown;
export type HookName = "appStart" | "appTerminate" | "preInvocation" | "postInvocation" | "log";

export interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

class Disposable {
  readonly dispose: () => void;
  constructor(dispose: () => void) {
    this.dispose = dispose;
  }
}

/**
 * The virtual module `@azure/functions-core`, through which `@azure/functions` finds its host. Like the real worker
 * (Azure/azure-functions-nodejs-worker), this patches `Module.prototype.require` to provide it.
 */
export class FunctionsCore {
  readonly functions = new Map<string, RegisteredFunction>();
  readonly #hooks: { name: string; callback: HookCallback }[] = [];
  readonly #log: HostLog;
  #model: ProgrammingModel | undefined;
  #started = false;

  constructor(log: HostLog) {
    this.#log = log;
  }

  /** Makes `require("@azure/functions-core")` return this host from now on. */
  install(): void {
    const api = this.#api();
    const original = Module.prototype.require;
    const patched = function (this: unknown, id: string): unknown {
      return id === "@azure/functions-core" ? api : Reflect.apply(original, this, [id]);
    };
    Module.prototype.require = Object.assign(patched, original) as typeof original;
  }

  /** Completes the start of the app: fixes its setup and runs its `appStart` hooks. */
  async start(functionAppDirectory: string): Promise<void> {
    const capabilities = await this.#model?.getCapabilities({});
    if (capabilities?.HttpUri !== undefined) {
      throw new Error("The app turns on HTTP streaming (app.setup enableHttpStream), which this host doesn't serve.");
    }
    this.#started = true;
    await this.runHooks("appStart", { hookData: {}, appHookData: {}, functionAppDirectory });
  }

  invocationModel(context: CoreInvocationContext): InvocationModel {
    if (this.#model === undefined) throw new Error("The app has registered no programming model.");
    return this.#model.getInvocationModel(context);
  }

  async runHooks(name: HookName, context: object): Promise<void> {
    for (const hook of this.#hooks.filter((candidate) => candidate.name === name)) await hook.callback(context);
  }

  #api(): object {
    return {
      version: "3.10.1",
      hostVersion: "4.1000.0",
      Disposable,
      registerFunction: (metadata: FunctionMetadata, callback: FunctionCallback) => {
        if (this.#started) throw new Error("A function can only be registered during app startup.");
        if (this.functions.has(metadata.name)) {
          throw new Error(`A function with name "${metadata.name}" has already been registered.`);
        }
        this.functions.set(metadata.name, { metadata, callback });
        return new Disposable(() => this.functions.delete(metadata.name));
      },
      registerHook: (name: string, callback: HookCallback) => {
        const hook = { name, callback };
        this.#hooks.push(hook);
        return new Disposable(() => this.#hooks.splice(this.#hooks.indexOf(hook), 1));
      },
      setProgrammingModel: (model: ProgrammingModel) => {
        this.#model = model;
      },
      getProgrammingModel: () => this.#model,
      log: (level: HostLogLevel, _category: string, message: string) => {
        this.#log.write(level, "Host.Function.Console", message);
      },
    };
  }
}
