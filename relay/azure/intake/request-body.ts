import type { HttpRequest } from "@azure/functions";
import { maxBodyBytes } from "../../core/intake/body-limit.ts";
import type { ByteBudget } from "../../core/intake/byte-budget.ts";
import { waitUnlessAborted } from "../budget.ts";

/** Why a body was not read: it is larger than the relay accepts, or the instance has no room for it. */
export type UnreadBody = "tooLarge" | "noRoom";

/**
 * Reads a request's body and passes it on. Its bytes count against the budget from the moment they are read until `use`
 * ends, however long the caller waits for that.
 *
 * The declared length is checked before anything is read. Only received bytes are counted, since a caller may declare
 * any length, or none, and then send nothing.
 *
 * @param signal ends the reading, so that a slow caller does not reserve anything for longer than a call may take
 * @throws the signal's reason, or the error of `use`
 */
export async function withBody<T>(
  request: HttpRequest,
  { budget, signal }: { readonly budget: ByteBudget; readonly signal: AbortSignal },
  use: (body: Uint8Array | UnreadBody) => Promise<T>,
): Promise<T> {
  const told = Number(request.headers.get("content-length")) || 0;
  if (told > maxBodyBytes) return use("tooLarge");
  if (!budget.hasRoomFor(told)) return use("noRoom");
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of chunksOf(request, signal)) {
      if (size + chunk.length > maxBodyBytes) return await use("tooLarge");
      if (!budget.take(chunk.length)) return await use("noRoom");
      size += chunk.length;
      chunks.push(chunk);
    }
    const [first = new Uint8Array(), ...others] = chunks;
    return await use(others.length === 0 ? first : Buffer.concat(chunks));
  } finally {
    budget.giveBack(size);
  }
}

/** The body as it arrives; unread parts are discarded. */
async function* chunksOf({ body }: HttpRequest, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await waitUnlessAborted(signal, reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
