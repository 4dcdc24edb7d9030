import axios, { AxiosError, AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig } from "axios";

/** A fault on the way to a vendor. `acted`: the vendor performed the call, and only the answer was lost. */
export type Fault =
  | { readonly kind: "status"; readonly status: number; readonly acted: boolean; readonly retryAfter?: number }
  | { readonly kind: "error"; readonly code: string; readonly acted: boolean }
  /** The answer breaks off in the middle. */
  | { readonly kind: "truncated" }
  /** The user stops the command (Ctrl-C) during the call. */
  | { readonly kind: "stop"; readonly acted: boolean }
  /** The process dies: before the call reaches the vendor, after the vendor has acted, or after its answer arrived. */
  | { readonly kind: "kill"; readonly moment: "before" | "acted" | "answered" };

/** The faults of one operation, each at the n-th call (from 0) that the operation makes, or the n-th that changes something. */
export type FaultPlan = readonly { readonly at: number; readonly ofChanges?: boolean; readonly fault: Fault }[];

/** The network between the providers and the vendors: counts the calls of an operation and makes its faults. */
export class Network {
  struck = 0;
  kills = 0;
  #calls = 0;
  #changes = 0;
  #plan: FaultPlan = [];
  #stop = new AbortController();
  #die: () => void = () => undefined;
  #dead = false;

  /** Wraps the adapter that axios uses for every call. */
  constructor() {
    const send = axios.getAdapter("http");
    axios.defaults.adapter = async (config) => {
      // A dead process has no further effect.
      if (this.#dead) throw new AxiosError("canceled", AxiosError.ERR_CANCELED, config);
      const fault = this.#next(config);
      if (!fault) return send(config);
      if (fault.kind === "kill") this.kills += 1;
      else this.struck += 1;
      const answer = hasActed(fault) ? await send(config) : undefined;
      return this.#strike(fault, config, answer);
    };
  }

  /**
   * Starts an operation; its signal aborts when a fault stops it.
   *
   * @param die called at the moment when a fault kills the operation's process
   */
  begin(plan: FaultPlan, die: () => void = () => undefined): AbortSignal {
    this.#calls = 0;
    this.#changes = 0;
    this.#plan = plan;
    this.#stop = new AbortController();
    this.#die = die;
    this.#dead = false;
    return this.#stop.signal;
  }

  #next(config: InternalAxiosRequestConfig): Fault | undefined {
    const changes = config.method !== "get" && !config.url?.includes("/ims/");
    const isNow = ({ at, ofChanges }: FaultPlan[number]) =>
      ofChanges ? changes && at === this.#changes : at === this.#calls;
    const planned = this.#plan.find(isNow)?.fault;
    this.#calls += 1;
    if (changes) this.#changes += 1;
    return planned;
  }

  #strike(fault: Fault, config: InternalAxiosRequestConfig, answer: AxiosResponse | undefined): AxiosResponse {
    switch (fault.kind) {
      case "status": {
        const headers = new AxiosHeaders();
        if (fault.retryAfter !== undefined) headers.set("retry-after", String(fault.retryAfter));
        return { status: fault.status, statusText: "", headers, config, data: undefined };
      }
      case "truncated":
        return { ...(answer as AxiosResponse), data: '{"id' };
      case "error":
        throw new AxiosError(fault.code, fault.code, config);
      case "stop":
        this.#stop.abort(new Error("stopped by the user"));
        throw new AxiosError("canceled", AxiosError.ERR_CANCELED, config);
      case "kill":
        this.#dead = true;
        this.#die();
        // What is left of the process here ends as soon as it can.
        this.#stop.abort(new Error("killed"));
        if (fault.moment === "answered") return answer as AxiosResponse;
        throw new AxiosError("canceled", AxiosError.ERR_CANCELED, config);
    }
  }
}

function hasActed(fault: Fault): boolean {
  if (fault.kind === "kill") return fault.moment !== "before";
  return fault.kind === "truncated" || fault.acted;
}
