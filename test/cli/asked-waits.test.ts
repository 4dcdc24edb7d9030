import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { showAskedWaits } from "../../cli/output/asked-waits.ts";
import { HttpClient } from "../../packages/pulumi-provider-kit/src/http/http.ts";

let waits: number[];
const server = createServer((_request, response) => {
  const wait = waits.shift();
  response
    .writeHead(wait === undefined ? 200 : 429, wait === undefined ? {} : { "retry-after": String(wait) })
    .end("{}");
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterEach(() => jest.useRealTimers());
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const call = (sleep: () => Promise<void>) =>
  new HttpClient({
    vendor: "The shop",
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    baseUrlSetting: "shop:url",
    headers: async () => ({}),
    complaint: () => ({}),
    sleep,
  }).call({ method: "GET", path: "/", signal: new AbortController().signal, purpose: "list the things" });

test("a wait that a vendor asks for is shown, on a terminal in place of the progress", async () => {
  for (const isTTY of [false, true]) {
    waits = [30];
    const shown: string[] = [];
    await showAskedWaits({ isTTY, write: (text: string) => shown.push(text) > 0 }, () => call(async () => undefined));
    const line = "The shop asks to wait 30 s before the next attempt to list the things\n";
    expect(shown).toEqual([isTTY ? `\r\u001b[K${line}` : line]);
  }
});

test("of waits that follow each other, the last one is shown ten seconds later, and none after the work", async () => {
  jest.useFakeTimers();
  const shown: string[] = [];
  const gate = Promise.withResolvers<void>();
  const { showProgress } = await import("../../packages/pulumi-provider-kit/src/engine/progress.ts");
  const work = showAskedWaits({ write: (text: string) => shown.push(text) > 0 }, async () => {
    for (const wait of ["1 s", "2 s", "3600 s"]) showProgress(wait);
    await gate.promise;
    showProgress("5 s");
  });
  expect(shown).toEqual(["1 s\n"]);
  jest.advanceTimersByTime(10_000);
  expect(shown).toEqual(["1 s\n", "3600 s\n"]);
  gate.resolve();
  await work;
  jest.advanceTimersByTime(60_000);
  expect(shown).toEqual(["1 s\n", "3600 s\n"]);
});
