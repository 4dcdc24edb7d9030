import { createHmac } from "node:crypto";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds after which a caller gives up: longer than the relay waits for a body. */
const patience = 3_500;

/**
 * Calls that no honest sender makes, at the level of bytes: bodies that never end, arrive slowly or are cut off, wrong
 * headers, and bytes that are not HTTP. None of them is signed.
 */
export async function hostileCalls(endpoint: string): Promise<void> {
  const url = new URL(endpoint);
  const head = (...headers: string[]) =>
    [`POST ${url.pathname} HTTP/1.1`, `Host: ${url.host}`, "Content-Type: application/json", ...headers, "", ""].join(
      "\r\n",
    );
  const signature = createHmac("sha256", "no key").update("v0:1:{}").digest("hex");
  const calls: readonly (readonly string[])[] = [
    [head("Content-Length: 100000"), ...Array.from({ length: 40 }, () => "x")],
    [head("Content-Length: 500"), '{"event_id": "cut'],
    [head("Transfer-Encoding: chunked"), "5\r\nhello\r\n", "ZZZZ\r\n"],
    [head("Transfer-Encoding: chunked"), ...Array.from({ length: 30 }, () => "1\r\n{\r\n")],
    [head("Content-Length: 2", "X-CIO-Timestamp: 1", `X-CIO-Signature: ${signature}`), "{}"],
    [head("Content-Length: 2", "X-CIO-Timestamp: \u0000", "X-CIO-Signature: ff"), "{}"],
    [head("Content-Length: -1"), "{}"],
    [head("Content-Length: 2", "Content-Length: 3"), "{}!"],
    [head(`X-Padding: ${"p".repeat(100_000)}`)],
    ["\u0016\u0003\u0001\u0002 this is not HTTP\r\n\r\n"],
    [`GET ${url.pathname}/../health HTTP/1.1\r\nHost: x\r\n\r\n`],
  ];
  await Promise.all(calls.map((parts) => call(Number(url.port), parts)));
}

async function call(port: number, parts: readonly string[]): Promise<void> {
  const gaveUp = sleep(patience, undefined, { ref: false });
  const socket = connect(port, "127.0.0.1");
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => undefined).resume();
  for (const part of parts) {
    if (socket.destroyed) break;
    socket.write(part, "latin1");
    await sleep(50);
  }
  await Promise.race([closed, gaveUp]);
  socket.destroy();
}
