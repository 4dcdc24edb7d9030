import { z } from "zod";
import { AepClient } from "../src/client/client.ts";
import { config } from "../src/config.ts";
import { credential } from "./aep.ts";

const foundation = "/data/foundation";

export type Json = Record<string, unknown>;

/** Changes made by hand, in Platform's UI or with a REST client. */
export class ByHand {
  readonly #client: AepClient;

  constructor(url: string, settings: Partial<typeof credential> = {}) {
    this.#client = new AepClient(config.parse({ ...credential, imsUrl: url, platformUrl: url, ...settings }));
  }

  /** @param path below `/data/foundation` */
  async call<T = Json>(
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const signal = new AbortController().signal;
    const call = { method, path: foundation + path, headers, signal, purpose: `${method} ${path} by hand` } as const;
    return (await this.#client.call(body === undefined ? call : { ...call, body }, z.unknown())) as T;
  }

  /** The id of a dataset, from the reference that Catalog answers. */
  async dataset(body: Json): Promise<string> {
    const [reference = ""] = await this.call<string[]>("POST", "/catalog/dataSets", body);
    return reference.split("/").at(-1) ?? "";
  }
}
