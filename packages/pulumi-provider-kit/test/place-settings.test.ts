import { z } from "zod";
import { definitionProvider } from "../src/definition/definition-provider.ts";
import { type PropertyMap, Secret } from "../src/engine/values.ts";

const provider = definitionProvider({
  name: "shop",
  version: "1.0.0",
  displayName: "Shop",
  description: "A shop.",
  config: z.object({
    branch: z
      .string()
      .trim()
      .min(1, "it is empty")
      .meta({ description: "Which branch.", environment: "SHOP_BRANCH", replaces: true }),
    key: z.string().meta({ description: "The key.", environment: "SHOP_KEY", secret: true }),
  }),
  connect: () => ({}),
  resources: [],
});
const urn = "urn:pulumi:dev::p::pulumi:providers:shop::default";

beforeEach(() => {
  process.env.SHOP_BRANCH = "north";
  process.env.SHOP_KEY = "1234";
});
afterEach(() => {
  delete process.env.SHOP_BRANCH;
  delete process.env.SHOP_KEY;
});

test("the state knows the place of a provider's objects, even if an environment variable names it, and no secret of the environment", () => {
  expect(provider.checkConfig({})).toEqual({ inputs: { branch: "north" }, failures: [] });
  expect(provider.checkConfig({ branch: "south", key: "5678" }).inputs).toEqual({
    branch: "south",
    key: new Secret("5678"),
  });
});

test("another place in the environment replaces the objects, as one in the stack's configuration does", async () => {
  const { inputs: olds } = provider.checkConfig({});
  process.env.SHOP_BRANCH = "south";
  const { inputs: news } = provider.checkConfig({});
  expect(await provider.diffConfig?.(olds, news, { urn })).toEqual({ detailed: { branch: "update-replace" } });
});

test("spaces around the name of a place do not make it another place", async () => {
  const { inputs: olds } = provider.checkConfig({});
  process.env.SHOP_BRANCH = "north ";
  const settings: PropertyMap[] = [{}, { branch: " north" }];
  for (const given of settings) {
    const { inputs: news } = provider.checkConfig(given);
    expect(news).toEqual({ branch: "north" });
    for (const before of [olds, { branch: "north " }]) {
      expect(await provider.diffConfig?.(before, news, { urn })).toEqual({ detailed: {} });
    }
  }
  expect(provider.checkConfig({ branch: " " })).toMatchObject({
    inputs: { branch: " " },
    failures: [{ property: "branch" }],
  });
});

test("a state of an earlier version, without the place, is not taken for another place", async () => {
  const { inputs: news } = provider.checkConfig({});
  expect(await provider.diffConfig?.({}, news, { urn })).toEqual({ detailed: { branch: "add" } });
});
