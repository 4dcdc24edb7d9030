import { hideSecrets } from "../src/http/hide-secrets.ts";

const secret = 'p8e-"q+r/s~t u';
const base64 = (text: string) => Buffer.from(text).toString("base64");

test.each([
  ["as it is", `refused ${secret}.`],
  ["in JSON", JSON.stringify({ secret })],
  ["in a URL", `?secret=${encodeURIComponent(secret)}&x=1`],
  ["in a form", new URLSearchParams({ secret }).toString()],
  ["in hexadecimal", Buffer.from(secret).toString("hex").toUpperCase()],
])("a secret is hidden %s", (_, text) => {
  expect(hideSecrets(text, [secret])).toBe(text.replace(/p8e.*(?=[&.]|"})|p8e.*|^[0-9A-F]+$/, "[secret]"));
});

test.each(["", "i", "id", "id:"])("a secret is hidden in the base64 of a longer text, after %j", (before) => {
  const hidden = hideSecrets(`Basic ${base64(`${before}${secret}${before}`)} x`, [secret]);
  expect(hidden).toMatch(/^Basic .{0,4}\[secret\].{0,7} x$/);
});

test("of an address, what leads to it is hidden in part too, and its host and words stay", () => {
  const url = "https://dcs.example/collection/0123456789abcdef0123?x-adobe-flow-id=f00d-f00d-f00d-f00d";
  const text = "host dcs.example, path /collection/0123456789abcdef0123, flow f00d-f00d-f00d-f00d";
  expect(hideSecrets(text, [url])).toBe("host dcs.example, path /collection/[secret], flow [secret]");
  expect(hideSecrets("DCS: dcs.example/collection/0123456789abcdef0123/", [url])).not.toContain("0123456789");
});

test("without secrets, a text is not changed", () => {
  expect(hideSecrets("HTTP 400", ["", "other"])).toBe("HTTP 400");
});

test("a placeholder of a few letters does not make a text unreadable", () => {
  const text = "Customer.io refuses the App API key (code 401)";
  expect(hideSecrets(text, ["x", "api", "key"])).toBe(text);
});
