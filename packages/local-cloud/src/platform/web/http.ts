import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import type { Sandbox } from "../state/model.ts";
import { isObject, type Json, type JsonObject } from "./json.ts";
import { plainProblem } from "./problem.ts";

/** Variables that the middlewares set for the handlers. */
export interface PlatformEnvironment {
  Bindings: HttpBindings;
  Variables: {
    requestId: string;
    /** The sandbox in `x-sandbox-name`; set for every call of a sandboxed service. */
    sandbox: Sandbox;
  };
}

export type PlatformContext = Context<PlatformEnvironment>;

export function answer(status: number, body?: Json, headers: Readonly<Record<string, string>> = {}): Response {
  if (body === undefined) return new Response(null, { status, headers });
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
}

/** The request's JSON, or undefined if it has no body. */
export async function readJson(context: PlatformContext): Promise<Json | undefined> {
  const text = await context.req.text();
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw plainProblem(400, "The request body is not valid JSON");
  }
}

export async function readObject(context: PlatformContext): Promise<JsonObject> {
  const body = await readJson(context);
  if (!isObject(body)) throw plainProblem(400, "The request body must be a JSON object");
  return body;
}

/** A query parameter that must be a whole number of at least `minimum`. */
export function numberParameter(context: PlatformContext, name: string, minimum = 0): number | undefined {
  const text = context.req.query(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < minimum) {
    throw plainProblem(400, `The query parameter ${name} must be a whole number of at least ${minimum}`);
  }
  return value;
}

/** A decoded path parameter, such as a `meta:altId` or a URL-encoded `$id`. */
export function pathParameter(context: PlatformContext, name: string): string {
  const value = context.req.param(name);
  if (value === undefined) throw new Error(`The route has no parameter ${name}`);
  return value;
}
