import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { logCalls, reportError, reportOf, shortenPath } from "../../cli/command/debug.ts";

test("a call is shown without its query, and an inlet without its id", () => {
  expect(shortenPath("/a/b?sig=secret&c=d")).toBe("/a/b?…");
  expect(shortenPath("/collection/0123abcd?x-adobe-flow-id=1")).toBe("/collection/…?…");
  expect(shortenPath("/collection/batch/0123abcd")).not.toContain("0123abcd");
});

test("an error about a full disk names the disk, and what to do", async () => {
  const full = (more: object) =>
    Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC", ...more });
  expect(reportOf(full({ path: "/backups/kept/a.json" }))).toBe(
    "Nothing more can be written to the disk of /backups/kept/a.json: it is full. Free some room, and run the same command again. " +
      "What uses the space: du -sh /backups/kept/* (ENOSPC: no space left on device)",
  );
  // A write to an open file does not say which. Linux has a device that is always full.
  const error = await writeFile("/dev/full", "x").catch((thrown: unknown) => thrown);
  expect(reportOf(error)).toMatch(/a disk of this machine: it is full\. Free some room, .*: df -h \(ENOSPC/);
  expect(reportOf(new Error("Another."))).toBe("Another.");
});

test("a call by a proxy is printed with the address that it asks for, and the proxy", async () => {
  const written: string[] = [];
  const write = jest.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0);
  const proxy = createServer((_request, response) => response.end()).listen(0, "127.0.0.1");
  proxy.on("connect", (_request, socket) => socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
  await once(proxy, "listening");
  const { port } = proxy.address() as AddressInfo;
  const endLog = logCalls();
  const asked = request({ port, host: "127.0.0.1", path: "http://platform.example/collection/0123abcd?key=secret" });
  asked.end();
  const [answer] = await once(asked, "response");
  answer.resume();
  await once(answer, "end");
  const tunnel = request({ port, host: "127.0.0.1", method: "CONNECT", path: "account.queue.example:443" });
  tunnel.end();
  await once(tunnel, "connect");
  endLog();
  write.mockRestore();
  proxy.close();
  const calls = written.filter((line) => line.includes("→")).map((line) => line.replace(/^debug: \S+ /, ""));
  expect(calls).toEqual([
    "→ GET http://platform.example/collection/…?… (by the proxy http://127.0.0.1)\n",
    "→ CONNECT account.queue.example:443 (by the proxy http://127.0.0.1)\n",
  ]);
});

test("calls are printed with method, address and status, and errors with their cause", async () => {
  const written: string[] = [];
  const write = jest.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0);
  const server = createServer((_request, response) => response.end("secret answer")).listen(0, "127.0.0.1");
  await once(server, "listening");
  const endLog = logCalls();
  const { port } = server.address() as AddressInfo;
  const call = request({ port, host: "127.0.0.1", path: "/health?key=secret", headers: { authorization: "secret" } });
  call.end();
  const [answer] = await once(call, "response");
  answer.resume();
  await once(answer, "end");
  reportError(new Error("outer", { cause: new Error("inner") }), true);
  endLog();
  const lines = written.length;
  request({ port, host: "127.0.0.1" })
    .on("response", (late) => late.resume())
    .end();
  await once(server, "request");
  expect(written).toHaveLength(lines);
  write.mockRestore();
  server.close();
  const text = written.join("");
  expect(text).toMatch(/^debug: \S+ → GET http:\/\/127\.0\.0\.1\/health\?…\n/);
  expect(text).toMatch(/← 200 GET http:\/\/127\.0\.0\.1\/health\?…\n/);
  expect(text).toMatch(/\nouter\ndebug: Error: outer\n[\s\S]*debug: Error: inner\n/);
  expect(text).not.toContain("secret");
});
