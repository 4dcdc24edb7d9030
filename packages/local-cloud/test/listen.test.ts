import { setTimeout as wait } from "node:timers/promises";
import { listen } from "../src/listen.ts";

test("a client in the same process can use its connection again after the process was busy for longer than Node keeps one", async () => {
  const listener = await listen(() => new Response("here"));
  const call = async () => {
    const answer = await fetch(`http://127.0.0.1:${listener.port}`, { method: "POST", body: "there?" });
    return answer.text();
  };
  try {
    expect(await call()).toBe("here");
    // The connection is idle now. Node closes one after 5 seconds, to which it adds one.
    await wait(20);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6_500);
    expect(await call()).toBe("here");
  } finally {
    await listener.close();
  }
}, 30_000);
