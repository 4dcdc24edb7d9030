import { randomUUID } from "node:crypto";
import type {
  CoreInvocationContext,
  FunctionsCore,
  InvocationRequest,
  InvocationResponse,
  RegisteredFunction,
} from "./functions-core.ts";
import type { HostLog, HostLogLevel } from "./host-log.ts";

export interface InvocationInput {
  readonly inputData: InvocationRequest["inputData"];
  readonly triggerMetadata: InvocationRequest["triggerMetadata"];
  /** Why the function runs, for the log. */
  readonly reason: string;
}

/** An invocation ran longer than `functionTimeout`. The real host then replaces its worker process. */
export class FunctionTimeout extends Error {}

/** Runs functions through the app's own copy of `@azure/functions`, as the Node worker does, and logs as the host does. */
export class Invoker {
  readonly #core: FunctionsCore;
  readonly #log: HostLog;
  readonly #timeout: number | undefined;
  readonly #running = new Set<Promise<unknown>>();

  constructor(core: FunctionsCore, log: HostLog, timeout: number | undefined) {
    this.#core = core;
    this.#log = log;
    this.#timeout = timeout;
  }

  /** Runs a function. The invocation includes what `finish` does with the response, such as sending outputs. */
  async invoke(
    target: RegisteredFunction,
    input: InvocationInput,
    finish: (response: InvocationResponse) => Promise<void> = async () => undefined,
  ): Promise<InvocationResponse> {
    const run = this.#invoke(target, input, finish);
    this.#running.add(run);
    try {
      return await run;
    } finally {
      this.#running.delete(run);
    }
  }

  /** Settles once nothing is running. */
  async untilDrained(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  async #invoke(
    target: RegisteredFunction,
    input: InvocationInput,
    finish: (response: InvocationResponse) => Promise<void>,
  ): Promise<InvocationResponse> {
    const { name } = target.metadata;
    const invocationId = randomUUID();
    const details = { function: name, invocationId };
    const started = performance.now();
    const line = (level: HostLogLevel, message: string) => this.#log.write(level, `Function.${name}`, message, details);
    line("information", `Executing 'Functions.${name}' (Reason='${input.reason}', Id=${invocationId})`);
    const result = (state: string) =>
      `Executed 'Functions.${name}' (${state}, Id=${invocationId}, Duration=${Math.round(performance.now() - started)}ms)`;
    try {
      const response = await this.#withTimeout(name, invocationId, this.#run(target, invocationId, input));
      await finish(response);
      line("information", result("Succeeded"));
      this.#log.write("information", "Host.Results", `Functions.${name}: succeeded`, details);
      return response;
    } catch (error) {
      line("error", `${result("Failed")} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      this.#log.write("error", "Host.Results", `Functions.${name}: failed`, details);
      throw error;
    }
  }

  async #run(target: RegisteredFunction, invocationId: string, input: InvocationInput): Promise<InvocationResponse> {
    const { metadata } = target;
    const log = (level: HostLogLevel, category: "user" | "system", message: string) => {
      void this.#core.runHooks("log", { level, message, category, invocationContext: undefined, hookData: {} });
      const name = category === "user" ? `Function.${metadata.name}.User` : `Function.${metadata.name}`;
      this.#log.write(level, name, message, { function: metadata.name, invocationId });
    };
    const request = { invocationId, inputData: input.inputData, triggerMetadata: input.triggerMetadata };
    const coreContext: CoreInvocationContext = { invocationId, request, metadata, log };
    const model = this.#core.invocationModel(coreContext);
    const { context, inputs } = await model.getArguments();
    const shared = { hookData: {}, appHookData: {}, invocationContext: context };
    const before = { ...shared, functionCallback: target.callback, inputs };
    coreContext.state = "preInvocationHooks";
    await this.#core.runHooks("preInvocation", before);
    const after: { inputs: unknown[]; result: unknown; error: unknown } & object = {
      ...shared,
      inputs: before.inputs,
      result: null,
      error: null,
    };
    coreContext.state = "invocation";
    try {
      after.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
    } catch (error) {
      after.error = error;
    }
    coreContext.state = "postInvocationHooks";
    await this.#core.runHooks("postInvocation", after);
    coreContext.state = undefined;
    if (after.error !== null && after.error !== undefined) throw after.error;
    return model.getResponse(context, after.result);
  }

  async #withTimeout<T>(name: string, invocationId: string, work: Promise<T>): Promise<T> {
    const limit = this.#timeout;
    if (limit === undefined) return work;
    let timer: NodeJS.Timeout | undefined;
    const overrun = new Promise<never>((_resolve, reject) => {
      const text = `Timeout value of ${limit} ms exceeded by function 'Functions.${name}' (Id: '${invocationId}').`;
      timer = setTimeout(() => reject(new FunctionTimeout(text)), limit);
    });
    try {
      return await Promise.race([work, overrun]);
    } finally {
      clearTimeout(timer);
    }
  }
}
