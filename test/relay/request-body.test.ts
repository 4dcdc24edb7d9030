import { HttpRequest } from "@azure/functions";
import { withBody } from "../../relay/azure/intake/request-body.ts";
import { maxBodyBytes } from "../../relay/core/intake/body-limit.ts";
import { ByteBudget } from "../../relay/core/intake/byte-budget.ts";

/** A request with a body in these chunks; an undefined one never arrives. */
function requestOf(chunks: readonly (Uint8Array | undefined)[], headers: Record<string, string> = {}) {
  const pulled = { chunks: 0, cancelled: false };
  let next = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (next === chunks.length) return controller.close();
        const chunk = chunks[next++];
        pulled.chunks += 1;
        if (chunk === undefined) await new Promise(() => undefined);
        else controller.enqueue(chunk);
      },
      cancel() {
        pulled.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  const nativeRequest = new Request("https://relay.example/customerio", {
    method: "POST",
    headers,
    body,
    duplex: "half",
  } as RequestInit);
  return { request: new HttpRequest({ nativeRequest } as never), pulled };
}

const bytes = (length: number) => new Uint8Array(length).fill(32);
const patient = () => AbortSignal.timeout(20_000);
const sizeOf = async (body: Uint8Array | string) => (typeof body === "string" ? body : body.length);

test("a body is read completely in any chunks, and a missing one is empty", async () => {
  const budget = new ByteBudget(100);
  const { request } = requestOf([Buffer.from("ab"), Buffer.from("c")]);
  const textOf = async (body: Uint8Array | string) => Buffer.from(body as Uint8Array).toString();
  expect(await withBody(request, { budget, signal: patient() }, textOf)).toBe("abc");
  const none = new HttpRequest({ method: "POST", url: "https://relay.example/customerio" });
  expect(await withBody(none, { budget, signal: patient() }, sizeOf)).toBe(0);
});

test("bytes are reserved until the body is processed, and always released", async () => {
  const budget = new ByteBudget(100);
  const done = Promise.withResolvers<void>();
  const first = withBody(requestOf([bytes(60)]).request, { budget, signal: patient() }, () => done.promise);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([budget.hasRoomFor(40), budget.hasRoomFor(41)]).toEqual([true, false]);
  done.reject(new Error("the storage is away"));
  await expect(first).rejects.toThrow("the storage is away");
  expect(budget.hasRoomFor(100)).toBe(true);
});

test("a length beyond the budget is refused before anything is read", async () => {
  const budget = new ByteBudget(100);
  budget.take(50);
  const { request, pulled } = requestOf([bytes(51)], { "content-length": "51" });
  expect(await withBody(request, { budget, signal: patient() }, sizeOf)).toBe("noRoom");
  expect(pulled.chunks).toBe(0);
  expect(budget.hasRoomFor(50)).toBe(true);
});

test.each<Record<string, string>>([{}, { "content-length": "10" }, { "content-length": "many" }])(
  "without a valid length, the bytes that arrive are counted, and no more are read: %j",
  async (headers) => {
    const budget = new ByteBudget(100);
    const { request, pulled } = requestOf([bytes(60), bytes(60), bytes(60)], headers);
    expect(await withBody(request, { budget, signal: patient() }, sizeOf)).toBe("noRoom");
    expect(pulled).toEqual({ chunks: 2, cancelled: true });
    expect(budget.hasRoomFor(100)).toBe(true);
  },
);

test("a body beyond the limit is read no further than that", async () => {
  const budget = new ByteBudget(4 * maxBodyBytes);
  const half = bytes(maxBodyBytes / 2);
  const { request, pulled } = requestOf([half, half, bytes(1), half]);
  expect(await withBody(request, { budget, signal: patient() }, sizeOf)).toBe("tooLarge");
  expect(pulled).toEqual({ chunks: 3, cancelled: true });
});

test("a declared length reserves nothing", async () => {
  const budget = new ByteBudget(100);
  const controller = new AbortController();
  const { request } = requestOf([undefined], { "content-length": "100" });
  const slow = withBody(request, { budget, signal: controller.signal }, sizeOf);
  expect(await withBody(requestOf([bytes(100)]).request, { budget, signal: patient() }, sizeOf)).toBe(100);
  controller.abort(new Error("too slow"));
  await expect(slow).rejects.toThrow("too slow");
});

test("a caller who stops in the middle is given up at the end of the call's time", async () => {
  const budget = new ByteBudget(100);
  const controller = new AbortController();
  const { request, pulled } = requestOf([bytes(60), undefined]);
  const slow = withBody(request, { budget, signal: controller.signal }, sizeOf);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(budget.hasRoomFor(41)).toBe(false);
  controller.abort(new Error("too slow"));
  await expect(slow).rejects.toThrow("too slow");
  expect([budget.hasRoomFor(100), pulled.cancelled]).toEqual([true, true]);
});
