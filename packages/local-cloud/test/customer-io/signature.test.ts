import { sign } from "../../src/customer-io/sending/signature.ts";
import type { ShownSigningKey } from "../../src/customer-io/signing-key.ts";
import { TestBed, workspace } from "./test-bed.ts";

test("signs as Customer.io's Node library expects", () => {
  const body = '{"event_id":"abc","object_type":"email","metric":"delivered"}';
  expect(sign("signing-secret", 1614265384, body)).toBe(
    "6f55cf23f9b73a2ff07733fe04421f64ce9ec5e409696edda6b2a80311944230",
  );
});

test("signs the UTF-8 bytes of the body", () => {
  expect(sign("cio-test-signing-key", 1717430405, '{"name":"Zoë ✓"}')).toBe(
    "ba68a13f8640b0f5a4f4e0f458e9b37b1be503e29044a74a7d3df14029d1236b",
  );
});

describe("calls", () => {
  let bed: TestBed;
  beforeEach(async () => {
    bed = await TestBed.start();
  });
  afterEach(() => bed.close());

  test("are signed with the workspace's key over the sent bytes, and have Customer.io's user agent", async () => {
    await bed.subscribe(["email_sent"], { with_content: true });
    await bed.local("POST", "/events", {
      events: [{ object_type: "email", metric: "sent", data: { content: "<p>Zoë & ✓</p>" } }],
    });
    await bed.idle();

    const [call] = bed.receiver.calls;
    expect(call?.headers).toMatchObject({
      "content-type": "application/json",
      "user-agent": expect.stringContaining("Customer.io"),
      "x-cio-timestamp": "1767225600",
      "x-cio-signature": sign(workspace.signingKey, 1767225600, call?.body ?? ""),
    });
    expect(call?.body).toMatch(
      /^\{"data":\{"content":"\\u003cp\\u003eZoë \\u0026 ✓\\u003c\/p\\u003e"\},"event_id":"[0-9A-Z]{26}","metric":"sent","object_type":"email","timestamp":1767225600\}$/,
    );
  });

  test("are signed with the new key from a rotation on", async () => {
    await bed.subscribe(["email_sent"]);
    const { signingKey, replaces } = await bed.local<ShownSigningKey>("POST", "/signing-key/rotate");
    await bed.emit(1);
    await bed.idle();

    const [call] = bed.receiver.calls;
    expect(signingKey).not.toBe(workspace.signingKey);
    expect(replaces).toBeUndefined();
    expect(call?.headers["x-cio-signature"]).toBe(sign(signingKey, 1767225600, call?.body ?? ""));
  });

  test("are signed with the old key until a rotation's overlap has passed", async () => {
    await bed.subscribe(["email_sent"]);
    const { signingKey, replaces } = await bed.local<ShownSigningKey>("POST", "/signing-key/rotate", {
      overlapSeconds: 600,
    });
    expect(replaces).toEqual({ signingKey: workspace.signingKey, switchesAt: "2026-01-01T00:10:00.000Z" });
    await bed.emit(1);
    await bed.local("POST", "/clock", { advanceSeconds: 600 });
    await bed.emit(1);
    await bed.idle();

    const [before, after] = bed.receiver.calls;
    expect(before?.headers["x-cio-signature"]).toBe(sign(workspace.signingKey, 1767225600, before?.body ?? ""));
    expect(after?.headers["x-cio-signature"]).toBe(sign(signingKey, 1767226200, after?.body ?? ""));
    expect(await bed.local("GET", "/signing-key")).toEqual({ signingKey });
  });

  test("of another workspace have that workspace's key", async () => {
    expect(await bed.local("GET", "/signing-key?workspace=blog")).toEqual({ signingKey: "signing-key-blog" });
    expect(await bed.local("GET", "/signing-key")).toEqual({ signingKey: "signing-key-shop" });
  });
});
