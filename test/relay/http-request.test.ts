import { getEventListeners } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { type HttpRequestOptions, sendRequest } from "../../relay/azure/http-request.ts";

let answer: (request: http.IncomingMessage, response: http.ServerResponse) => unknown;
const server = http.createServer((request, response) => void answer(request, response));
const connections = new Set<unknown>();
server.on("connection", (socket) => connections.add(socket));
beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const url = () => new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/one(RowKey='a')?x=1`);
const send = (options: Partial<HttpRequestOptions> = {}) =>
  sendRequest(url(), { method: "PUT", headers: { accept: "text/plain" }, limit: 10_000, ...options });

test("the whole answer is returned, and the next request uses the same connection", async () => {
  const seen: unknown[] = [];
  answer = async (request, response) => {
    const parts = await request.toArray();
    const { method, headers } = request;
    expect(headers.host).toBe(url().host);
    seen.push([method, request.url, headers.accept, headers["content-length"], Buffer.concat(parts).toString()]);
    response.writeHead(404, { "x-ms-error-code": "ResourceNotFound" });
    response.write("gän");
    setImmediate(() => response.end("se"));
  };
  for (const body of ["föö", undefined]) {
    const { status, headers, text } = await send(body === undefined ? {} : { body });
    expect({ status, code: headers["x-ms-error-code"], text }).toEqual({
      status: 404,
      code: "ResourceNotFound",
      text: "gänse",
    });
  }
  expect(seen).toEqual([
    ["PUT", "/one(RowKey='a')?x=1", "text/plain", "5", "föö"],
    ["PUT", "/one(RowKey='a')?x=1", "text/plain", "0", ""],
  ]);
  expect(connections.size).toBe(1);
});

test("a request fails if its signal is aborted, or if the answer breaks off", async () => {
  const controller = new AbortController();
  answer = () => controller.abort();
  await expect(send({ limit: controller.signal })).rejects.toThrow("aborted");
  await expect(send({ limit: controller.signal })).rejects.toThrow("aborted");
  answer = (_, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("half");
    setImmediate(() => response.destroy());
  };
  await expect(send()).rejects.toThrow();
});

test("a signal ends a request before its limit", async () => {
  const controller = new AbortController();
  answer = () => controller.abort();
  await expect(send({ signal: controller.signal })).rejects.toThrow("aborted");
  expect(getEventListeners(controller.signal, "abort")).toEqual([]);
});

test("of an answer without end only the beginning is read", async () => {
  answer = (_, response) => {
    const write = () => {
      while (response.write("x".repeat(10_000)));
    };
    response.on("drain", write);
    write();
  };
  expect(await send({ mostBytes: 25_000 })).toMatchObject({ status: 200, text: "x".repeat(25_000) });
});

test("a signal's reason or the time that is up is the cause of the error, in the middle of an answer too", async () => {
  const begun = (_: unknown, response: http.ServerResponse) => response.write("begun");
  for (answer of [() => undefined, begun]) {
    for (const limit of [20, AbortSignal.timeout(20)]) {
      await expect(send({ limit })).rejects.toMatchObject({ name: "AbortError", cause: { name: "TimeoutError" } });
    }
  }
});

test("a request without a body says no length, and an answered one leaves no listener on its signal", async () => {
  const lengths = new Map<string | undefined, unknown[]>();
  answer = ({ method, headers }, response) => {
    lengths.set(method, [headers["content-length"], headers["transfer-encoding"]]);
    response.end();
  };
  const { signal } = new AbortController();
  for (const method of ["GET", "DELETE"] as const) {
    await send({ method, limit: signal });
    // A request that the test before has given up may arrive late.
    expect(lengths.get(method)).toEqual([undefined, undefined]);
  }
  expect(getEventListeners(signal, "abort")).toEqual([]);
});
