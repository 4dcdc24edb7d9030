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
  // Of two random numbers per connection, the first selects it and the second chooses the direction back.
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

/** The result of a connection that sends something and reads the answer. */
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
])("with $kind everything passes, later", async (fault) => {
  proxy.strike(fault, 1);
  expect(await talk(text)).toEqual({ heard: text, end: "closed" });
});

test("a timeout drops everything without an error, until it is healed and the connection is closed", async () => {
  proxy.strike({ kind: "timeout" }, 1);
  expect(await talk(text)).toEqual({ heard: "", end: "silence" });
  const [client] = clients;
  const closed = client && once(client, "close");
  proxy.heal();
  await closed;
  expect(await talk(text)).toEqual({ heard: text, end: "closed" });
});

test("the client sees a reset", async () => {
  proxy.strike({ kind: "reset" }, 1);
  expect(await talk(text)).toEqual({ heard: "", end: "ECONNRESET" });
});

test("a data limit passes exactly that many bytes", async () => {
  proxy.strike({ kind: "data limit", bytes: 3_000 }, 1);
  expect(await talk(text)).toEqual({ heard: text.slice(0, 3_000), end: "closed" });
});

test("connections outside the share have no fault", async () => {
  proxy.strike({ kind: "reset" }, 0.5);
  expect(await talk(text)).toEqual({ heard: text, end: "closed" });
});

test("while down it refuses connections; later it uses the same port", async () => {
  await proxy.goDown();
  expect((await talk(text)).end).toBe("ECONNREFUSED");
  await proxy.comeUp();
  expect(await talk(text)).toEqual({ heard: text, end: "closed" });
});
