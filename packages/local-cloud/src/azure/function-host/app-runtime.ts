import { globSync, readFileSync } from "node:fs";
import type http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import {
  type FunctionMetadata,
  FunctionsCore,
  type InvocationResponse,
  type RegisteredFunction,
} from "./functions-core.ts";
import type { HostLog } from "./host-log.ts";
import { type HostSettings, readHostSettings } from "./host-settings.ts";
import { type HostKeys, httpTriggers } from "./http-triggers.ts";
import { FunctionTimeout, type InvocationInput, Invoker } from "./invoker.ts";
import { isQueueOutput, sendOutput } from "./queues/queue-output.ts";
import { connectionOf, QueueTriggers, queueNameOf } from "./queues/queue-triggers.ts";
import { type HostEnvironment, StorageConnections } from "./storage-connections.ts";

const packageJson = z.looseObject({ main: z.string().optional(), type: z.string().optional() });
const hostKeys = z.object({ master: z.string(), function: z.string() });

interface LoadOptions {
  readonly folder: string;
  readonly environment: HostEnvironment;
  readonly log: HostLog;
  /** Called once an invocation has timed out: the process has to be replaced, like the real worker. */
  readonly fatal: () => void;
}

/** A function app, loaded and ready to run. */
export class AppRuntime {
  readonly answer: http.RequestListener;
  readonly #core: FunctionsCore;
  readonly #settings: HostSettings;
  readonly #invoker: Invoker;
  readonly #queues: QueueTriggers;
  readonly #options: LoadOptions;
  readonly #connections: StorageConnections;

  /** Loads the package. Throws an Error that says what is wrong; the whole host is then in error. */
  static async load(options: LoadOptions): Promise<AppRuntime> {
    const settings = readHostSettings(
      readFileSync(path.join(options.folder, "host.json"), "utf8"),
      options.environment,
    );
    options.log.filterBy(settings.logFilter);
    globalThis.console = options.log.console();
    const core = new FunctionsCore(options.log);
    core.install();
    await loadEntryPoints(options.folder);
    await core.start(options.folder);
    const connections = new StorageConnections(options.environment);
    await probeHostStorage(connections);
    return new AppRuntime(core, settings, options, connections);
  }

  private constructor(
    core: FunctionsCore,
    settings: HostSettings,
    options: LoadOptions,
    connections: StorageConnections,
  ) {
    this.#connections = connections;
    this.#core = core;
    this.#settings = settings;
    this.#options = options;
    this.#invoker = new Invoker(core, options.log, settings.functionTimeout);
    for (const target of core.functions.values()) this.#checkBindings(target);
    const functions = [...core.functions.values()];
    this.#queues = new QueueTriggers({
      functions,
      settings: settings.queues,
      connections,
      environment: options.environment,
      log: options.log,
      run: async (target, input) => {
        await this.#run(target, input);
      },
    });
    this.answer = httpTriggers({
      functions,
      routePrefix: settings.routePrefix,
      keys: keysOf(options.environment),
      bodyLimit: bodyLimitOf(options.environment),
      failed: (target, reason) => {
        const { name } = target.metadata;
        const message = `Exception while executing function: Functions.${name}. Exception binding parameter 'request'. ${reason}`;
        options.log.write("error", `Function.${name}`, message, { function: name });
      },
      run: (target, binding, data) =>
        this.#run(target, {
          inputData: [{ name: binding, data: { http: data } }],
          triggerMetadata: {},
          reason: "This function was programmatically called via the host APIs.",
        }),
    });
  }

  get functions(): FunctionMetadata[] {
    return [...this.#core.functions.values()].map(({ metadata }) => metadata);
  }

  /** Lets the triggers of these functions fire. */
  listen(functionNames: readonly string[]): void {
    this.#queues.start(functionNames);
  }

  /** Takes no more messages until it is called with false. Resolves once no message is being processed. */
  async hold(isOn: boolean): Promise<void> {
    if (isOn) await this.#queues.hold();
    else this.#queues.release();
  }

  /** Takes no more messages, waits for everything in progress, and runs the app's `appTerminate` hooks. */
  async stop(): Promise<void> {
    await this.#queues.stop();
    await this.#invoker.untilDrained();
    await this.#core.runHooks("appTerminate", { hookData: {}, appHookData: {} });
  }

  async #run(target: RegisteredFunction, input: InvocationInput): Promise<InvocationResponse> {
    try {
      // Outputs are part of the invocation: an HTTP caller gets a success only once they are written.
      return await this.#invoker.invoke(target, input, (response) => this.#sendOutputs(target, response));
    } catch (error) {
      if (error instanceof FunctionTimeout) setImmediate(this.#options.fatal);
      throw error;
    }
  }

  async #sendOutputs(target: RegisteredFunction, response: InvocationResponse): Promise<void> {
    const outputs = [...(response.outputData ?? [])];
    if (response.returnValue) outputs.push({ name: "$return", data: response.returnValue });
    for (const { name, data } of outputs) {
      const binding = target.metadata.bindings[name];
      if (binding === undefined || !isQueueOutput(binding)) continue;
      const queueName = queueNameOf(binding, this.#options.environment);
      const queue = this.#connections.queues(connectionOf(binding)).getQueueClient(queueName);
      await sendOutput(queue, data, this.#settings.queues.messageEncoding);
      this.#queues.notify(queueName);
    }
  }

  #checkBindings({ metadata }: RegisteredFunction): void {
    for (const binding of Object.values(metadata.bindings)) {
      if (binding.type.toLowerCase().startsWith("queue") && !this.#settings.hasExtensionBundle) {
        // Only this function is in error and not listed; the others run.
        const text =
          `The '${metadata.name}' function is in error: The binding type(s) '${binding.type}' are not registered. ` +
          "Please ensure the type is correct and the binding extension is installed.";
        this.#options.log.write("error", "Host.Startup", text);
        this.#core.functions.delete(metadata.name);
        return;
      }
      if (isQueueOutput(binding)) this.#connections.queues(connectionOf(binding));
      const known = ["httptrigger", "queuetrigger", "http", "queue"].includes(binding.type.toLowerCase());
      if (!known) {
        throw new Error(
          `The '${metadata.name}' function is in error: the binding type '${binding.type}' is not one that this host runs.`,
        );
      }
    }
  }
}

async function loadEntryPoints(folder: string): Promise<void> {
  const { main, type } = packageJson.parse(JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")));
  const files = main === undefined ? [] : globSync(main, { cwd: folder });
  if (files.length === 0) throw new Error(`Found zero files matching the entry point "${main ?? ""}" of package.json.`);
  const require = createRequire(path.join(path.resolve(folder), "package.json"));
  for (const file of files) {
    const module = path.resolve(folder, file);
    const isEsm = module.endsWith(".mjs") || (module.endsWith(".js") && type === "module");
    if (isEsm) await import(pathToFileURL(module).href);
    else require(module);
  }
}

/** The host keeps its locks and keys in its own storage account, if one is set. Without access to it, nothing starts. */
async function probeHostStorage(connections: StorageConnections): Promise<void> {
  const blobs = connections.blobs("AzureWebJobsStorage");
  try {
    await blobs?.getContainerClient("azure-webjobs-hosts").createIfNotExists();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The host's own storage (AzureWebJobsStorage) can't be reached or used: ${reason}`);
  }
}

/** Parses the limit as the host does: a whole number, or 100 MB by default (`HttpRequestBodySizeMiddleware` of azure-functions-host). */
function bodyLimitOf({ FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: text = "" }: HostEnvironment): number {
  return /^\s*\d+\s*$/.test(text) ? Number(text) : 104_857_600;
}

function keysOf(environment: HostEnvironment): HostKeys | undefined {
  const text = environment.LOCAL_HOST_KEYS;
  return text === undefined ? undefined : hostKeys.parse(JSON.parse(text));
}
