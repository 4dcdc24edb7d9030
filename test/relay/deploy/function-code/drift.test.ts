import type { Answer } from "../../../../packages/pulumi-customerio/test/recording-server.ts";
import { functionCode } from "../../../../relay/deploy/resources/function-code.ts";
import { siteId } from "../azure-server.ts";
import { at, calls, useFunctionCode } from "./bed.ts";

const bed = useFunctionCode();

const listUrl = `POST ${siteId}/config/appsettings/list`;
const written = { A: "1", B: "2", C: "@Microsoft.KeyVault(SecretUri=s)" };
const inputsWithSettings = () => ({ ...bed.inputs(), settings: written });
const state = { packageHash: "h", deploymentId: "d0" };
const known = { ...state, build: "ours" };
const read = () => functionCode.read(bed.operation, siteId, inputsWithSettings(), known);
const list = (properties: object): Answer => ({ body: { properties } });

beforeEach(() => {
  bed.azure.script[listUrl] = [list(written)];
  bed.azure.script[calls.health] = [{ body: { status: "ok", build: "ours" } }];
});

test("without drift, the state does not change", async () => {
  expect(await read()).toEqual({ inputs: inputsWithSettings(), outputs: known });
});

test("changed app settings are shown by name, and foreign values by a digest", async () => {
  bed.azure.script[listUrl] = [list({ A: "1", B: "s3cret", D: "pa55word" })];
  const found = await read();
  expect(found?.inputs.settings).toEqual({
    A: "1",
    B: expect.stringMatching(/^not the stack's: SHA-256 [0-9a-f]{16}…$/),
    D: expect.stringMatching(/^not the stack's/),
  });
  expect(JSON.stringify(found)).not.toMatch(/s3cret|pa55word/);
});

test.each<[string, Answer]>([
  ["another build", { body: { status: "ok", build: "theirs" } }],
  ["unidentified code", { body: "hello" }],
  ["code without a health check", at(404)],
])("%s counts as a changed package, and the next update deploys it again", async (_, answer) => {
  bed.azure.script[calls.health] = [answer];
  const found = await read();
  expect(found?.outputs).toEqual({ ...known, packageHash: "" });
  expect(found?.inputs.package.path).toBe(bed.folder);
  expect(found?.inputs.package.hash).not.toBe("engine-hash");
});

test.each<[string, Answer]>([
  ["a relay that can't answer now", at(503)],
  ["no connection", { drop: true }],
])("%s proves nothing", async (_, answer) => {
  bed.azure.script[calls.health] = [answer];
  expect(await read()).toEqual({ inputs: inputsWithSettings(), outputs: known });
});

test("the state of an earlier version has nothing to compare with", async () => {
  bed.azure.script[calls.health] = [{ body: { status: "ok", build: "theirs" } }];
  expect(await functionCode.read(bed.operation, siteId, bed.inputs(), state)).toEqual({
    inputs: bed.inputs(),
    outputs: state,
  });
});

test("an update writes the settings again, before anything else, and only if they differ", async () => {
  const put = `PUT ${siteId}/config/appsettings`;
  bed.azure.script[put] = [{ body: {} }];
  const outputs = { packageHash: bed.hash, deploymentId: "d0" };
  const change = () =>
    functionCode.update?.(bed.operation, siteId, { news: inputsWithSettings(), olds: inputsWithSettings(), outputs });
  await change();
  expect(bed.azure.calls().filter((call) => call.startsWith("PUT"))).toEqual([]);
  bed.azure.restart();
  bed.azure.script[listUrl] = [list({ ...written, B: "s3cret" })];
  await change();
  expect(bed.azure.calls()[1]).toBe(`${put}?api-version=2024-04-01`);
  const { bytes } = bed.azure.requests.find(({ method }) => method === "PUT") ?? { bytes: "" };
  expect(JSON.parse(String(bytes))).toEqual({ properties: written });
  expect(bed.operation.shown).toContain("restores changed app settings: B");
});

test("a creation does not check: azure-native has just written them", async () => {
  await functionCode.create(bed.operation, inputsWithSettings());
  expect(bed.azure.calls().filter((call) => call.startsWith(listUrl))).toEqual([]);
});
