import http, { createServer } from "node:http";
import { frontEnd } from "../../src/azure/app-service/front-end.ts";
import { type Listener, listenOn } from "../../src/listen.ts";

// Calls that the instance has got and not answered yet, by their paths.
let underWay: Map<string, http.ServerResponse>;
let instance: Listener;
let front: Listener;

beforeEach(async () => {
  underWay = new Map();
  instance = await listenOn(createServer((request, response) => underWay.set(String(request.url), response)));
  const { port } = instance;
  const options = { takes: () => true, serving: async () => ({ port }), hostName: () => "app.example" };
  front = await listenOn(createServer(frontEnd({ ...options, perInstanceConcurrency: () => 2 })));
});
afterEach(async () => {
  for (const response of underWay.values()) response.end();
  await Promise.all([front.close(), instance.close()]);
});

function call(path: string) {
  const request = http.get({ host: "127.0.0.1", port: front.port, path, agent: false });
  const answered = new Promise<number | undefined>((resolve) => {
    request.once("response", (response) => resolve(response.resume().statusCode));
    request.once("error", () => resolve(undefined));
  });
  return { answered, leave: () => request.destroy() };
}

async function untilUnderWay(...paths: string[]): Promise<void> {
  while ([...underWay.keys()].toSorted().join() !== paths.join()) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("an instance gets as many calls at a time as perInstanceConcurrency says, and the others in the order in which they arrived", async () => {
  const first = call("/1");
  call("/2");
  await untilUnderWay("/1", "/2");
  call("/3");
  // The fourth arrives after the third is known to wait.
  await new Promise((resolve) => setTimeout(resolve, 100));
  call("/4");
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect([...underWay.keys()]).toEqual(["/1", "/2"]);
  underWay.get("/1")?.end();
  expect(await first.answered).toBe(200);
  underWay.delete("/1");
  await untilUnderWay("/2", "/3");
});

test("a caller that leaves frees its place, whether it was waiting or in progress", async () => {
  const [first, second] = [call("/1"), call("/2")];
  await untilUnderWay("/1", "/2");
  const waits = call("/3");
  await new Promise((resolve) => setTimeout(resolve, 100));
  const last = call("/4");
  await new Promise((resolve) => setTimeout(resolve, 100));
  waits.leave();
  first.leave();
  underWay.delete("/1");
  await untilUnderWay("/2", "/4");
  for (const path of ["/2", "/4"]) underWay.get(path)?.end();
  expect(await Promise.all([second.answered, last.answered])).toEqual([200, 200]);
});
