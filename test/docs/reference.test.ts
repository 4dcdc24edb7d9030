import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { SourceArguments } from "../../components/settings/source-arguments.ts";
import { examples } from "../../docs/reference/examples.ts";
import { madeFiles, repository } from "../../docs/reference/made-files.ts";
import { referencePages } from "../../docs/reference/pages.ts";
import { provider as aep } from "../../packages/pulumi-aep/src/provider.ts";
import { provider as customerio } from "../../packages/pulumi-customerio/src/provider.ts";
import type { Provider } from "../../packages/pulumi-provider-kit/src/engine/provider.ts";
import {
  Archive,
  type PropertyMap,
  type PropertyValue,
  Unknown,
} from "../../packages/pulumi-provider-kit/src/engine/values.ts";
import { buildRelay } from "../../relay/build.ts";
import { customerIoSource } from "../../relay/deploy/components.ts";
import { partComponents } from "../../relay/deploy/part-components.ts";
import { provider as relay } from "../../relay/deploy/provider.ts";

const providers: Record<string, Provider> = { aep, customerio, "customerio-aep": relay };

test("generated files match their definitions; npm run docs rewrites them", async () => {
  const files = await madeFiles();
  const present = await Promise.all(
    [...files.keys()].map((name) => readFile(path.join(repository, name), "utf8").catch(() => undefined)),
  );
  const stale = [...files].filter(([, text], index) => present[index] !== text).map(([name]) => name);
  expect(stale.map((name) => `${name}: run npm run docs`)).toEqual([]);
});

test("the reference has no page of something that no longer exists", async () => {
  const folder = path.join(repository, "docs/reference");
  const pages = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".md"));
  expect(pages.toSorted()).toEqual([...(await referencePages()).keys()].toSorted());
});

/** An example's inputs as the engine passes them in a preview, in which other resources' properties are unknown. */
function previewValue(value: unknown): PropertyValue {
  if (typeof value === "string" && value.startsWith("${")) return Unknown.instance;
  if (Array.isArray(value)) return value.map(previewValue);
  if (value === null || typeof value !== "object") return value as PropertyValue;
  if ("fn::fileArchive" in value) return new Archive(path.resolve(__dirname, "../../relay/dist"), "hash");
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, previewValue(item)]));
}

// The example deploys what `npm run build` makes.
beforeAll(() => buildRelay());

const components = new Set([customerIoSource, ...partComponents].map(({ type }) => type));

test.each(Object.keys(examples).filter((type) => !components.has(type)))(
  "the example of %s passes the provider's check",
  async (type) => {
    const provider = providers[type.split(":")[0] ?? ""];
    const call = {
      type,
      name: "example",
      urn: `urn:pulumi:dev::docs::${type}::example`,
      signal: new AbortController().signal,
      progress: () => undefined,
      warn: () => undefined,
    };
    const news = previewValue(examples[type]?.inputs ?? {}) as PropertyMap;
    expect((await provider?.check(call, { olds: {}, news }))?.failures).toEqual([]);
  },
);

test("the example of a source has valid arguments", () => {
  const { inputs = {} } = examples["customerio-aep:index:CustomerIoSource"] ?? {};
  expect(() => new SourceArguments({ ...inputs, signingKeys: "a-signing-key-of-a-workspace" }).read()).not.toThrow();
});
