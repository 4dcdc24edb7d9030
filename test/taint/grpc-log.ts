import type { Search } from "./canary.ts";

/** How Pulumi wraps a secret: an object with this signature beside its value. */
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/**
 * Where Pulumi's own protocol has the stack's configuration in plain text: the engine passes it to the program, and to
 * providers whose settings it asks about, in no other way.
 */
const plainByProtocol = [
  { method: "/pulumirpc.LanguageRuntime/Run", at: /^request\.config\./ },
  { method: "/pulumirpc.ResourceProvider/CheckConfig", at: /^request\.(news|olds)\./ },
  { method: "/pulumirpc.ResourceProvider/DiffConfig", at: /^request\.(news|olds|oldInputs)\./ },
  { method: "/pulumirpc.ResourceProvider/Configure", at: /^request\.variables\./ },
];

export interface GrpcFindings {
  readonly messages: number;
  /** Secrets that were wrapped as they must be. */
  readonly wrapped: number;
  readonly plain: readonly string[];
}

/** Searches the engine's own log of its gRPC messages (`PULUMI_DEBUG_GRPC`) for secrets that are not wrapped as such. */
export function searchGrpcLog(log: string, search: Search): GrpcFindings {
  const plain = new Set<string>();
  let [messages, wrapped] = [0, 0];
  for (const line of log.split("\n")) {
    if (line.trim() === "") continue;
    messages++;
    if (search.in(line).length === 0) continue;
    const { method, ...message } = JSON.parse(line) as { method: string };
    for (const leaf of leaves(message, [], false)) {
      const found = search.in(leaf.text);
      const path = leaf.path.join(".");
      const allowed = plainByProtocol.some((each) => each.method === method && each.at.test(path));
      if (found.length === 0 || allowed) continue;
      if (leaf.wrapped) wrapped++;
      else plain.add(`${found.join(", ")} in ${method} at ${path}`);
    }
  }
  return { messages, wrapped, plain: [...plain] };
}

interface Leaf {
  readonly path: readonly string[];
  readonly text: string;
  readonly wrapped: boolean;
}

/** Every text of a message, keys included. */
function leaves(value: unknown, path: readonly string[], wrapped: boolean): Leaf[] {
  if (typeof value === "string") return [{ path, text: value, wrapped }];
  if (value === null || typeof value !== "object") return [];
  const inside = wrapped || (value as Record<string, unknown>)[signatureKey] === secretSignature;
  return Object.entries(value).flatMap(([key, entry]) => [
    { path, text: key, wrapped: inside },
    ...leaves(entry, [...path, key], inside),
  ]);
}
