import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { FaultProxy, type NetworkFault } from "./fault-proxy.ts";

let echo: Server;
let proxy: FaultProxy;
const clients: Socket[] = [];

beforeEach(async () => {
  echo = createServer((socket) => {
    socket.on("error", () => undefined).pipe(socket);
  });
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
  // Of two draws for a connection, the first strikes it and the second chooses the way back.
  proxy = await FaultProxy.start(
    () => (echo.address() as AddressInfo).port,
    () => 0.9,
  );
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.close();
  await new Promise((resolve) => echo.close(resolve));
});

/** How a connection ends that says something and hears what comes back. */
async function talk(text: string): Promise<{ heard: string; end: string }> {
  const client = connect(proxy.port, "127.0.0.1");
  clients.push(client);
  let heard = "";
  let error = "";
  client.on("data", (chunk) => {
    heard += chunk;
    if (heard.length === text.length) client.end();
  });
  client.on("error", ({ code }: NodeJS.ErrnoException) => {
    error = code ?? "";
  });
  client.write(text);
  const closed = new Promise<string>((resolve) => client.once("close", () => resolve(error || "closed")));
  const end = await Promise.race([closed, sleep(1_500, "silence", { ref: false })]);
  return { heard, end };
}

const text = "x".repeat(5_000);

test("without a fault everything passes", async () => {
  expect(await talk(text)).toEqual({ heard: text, end: "closed" });
});

test.each<NetworkFault>([
  { kind: "latency", milliseconds: 20 },
  { kind: "bandwidth", bytesPerSecond: 50_000 },
  { kind: "slow close", milliseconds: 20 },
  { kind: "slicing", bytes: 100, milliseconds: 1 },
])("under $kind everything passes, later", async (fault) => {
  proxy.strike(fault, 1);
  expect(await talk(text)).toEqual({ heard: text, end: "closed" });
});

test("a timeout lets nothing through and says nothing, until it is healed and the connection is cut", async () => {
  proxy.strike({ kind: "timeout" }, 1);
  expect(await talk(text)).toEqual({ heard: "", end: "silence" });
  const [client] = clients;
  const closed = client && once(client, "close");
  proxy.heal();
  await closed;
  expect(await talk(text)).toEqual({ heard: text, end: "closed" });
});

test("a reset is one to the client", async () => {
  proxy.strike({ kind: "reset" }, 1);
  expect(await talk(text)).toEqual({ heard: "", end: "ECONNRESET" });
});

test("a data limit lets exactly so many bytes through", async () => {
  proxy.strike({ kind: "data limit", bytes: 3_000 }, 1);
  expect(await talk(text)).toEqual({ heard: text.slice(0, 3_000), end: "closed" });
});

test("connections outside the share are spared", async () => {
  proxy.strike({ kind: "reset" }, 0.5);
  expect(await talk(text)).toEqual({ heard: text, end: "closed" });
});

test("down, it refuses connections; up again, it is at the same port", async () => {
  await proxy.goDown();
  expect((await talk(text)).end).toBe("ECONNREFUSED");
  await proxy.comeUp();
  expect(await talk(text)).toEqual({ heard: text, end: "closed" });
});
