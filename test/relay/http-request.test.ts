import http from "node:http";
import type { AddressInfo } from "node:net";
import { sendRequest } from "../../relay/azure/http-request.ts";

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
const send = (options: { body?: string; signal?: AbortSignal; mostBytes?: number } = {}) =>
  sendRequest(url(), {
    method: "PUT",
    headers: { accept: "text/plain" },
    signal: AbortSignal.timeout(10_000),
    ...options,
  });

test("the whole answer is returned, and the next request uses the same connection", async () => {
  const seen: unknown[] = [];
  answer = async (request, response) => {
    const parts = await request.toArray();
    const { method, headers } = request;
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
  await expect(send({ signal: controller.signal })).rejects.toThrow("aborted");
  answer = (_, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("half");
    setImmediate(() => response.destroy());
  };
  await expect(send()).rejects.toThrow();
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

test("a signal's reason is the cause of the error", async () => {
  answer = () => undefined;
  await expect(send({ signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ cause: { name: "TimeoutError" } });
});
