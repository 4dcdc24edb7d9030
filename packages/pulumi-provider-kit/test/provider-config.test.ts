import { z } from "zod";
import { Secret, Unknown } from "../src/engine/values.ts";
import { ConfigError, ownSettings, readConfig } from "../src/settings/provider-config.ts";

const schema = z.object({
  apiKey: z.string().min(8).meta({ description: "The API key.", secret: true, environment: "SHOP_API_KEY" }),
  url: z.url().default("https://shop.example").meta({ description: "Where the shop is.", environment: "SHOP_URL" }),
});

function failures(given: Parameters<typeof readConfig>[2]) {
  try {
    readConfig("shop", schema, given, {});
  } catch (error) {
    if (error instanceof ConfigError) return error.failures;
    throw error;
  }
  return [];
}

test("takes the stack's configuration first, then the environment, then the default", () => {
  const environment = { SHOP_API_KEY: "from-environment", SHOP_URL: "https://env.example" };
  expect(readConfig("shop", schema, { apiKey: new Secret("from-config") }, environment)).toEqual({
    apiKey: "from-config",
    url: "https://env.example",
  });
  expect(readConfig("shop", schema, { apiKey: "from-config", version: "1.0.0" }, {})).toEqual({
    apiKey: "from-config",
    url: "https://shop.example",
  });
});

test("waits for settings that are not known yet", () => {
  expect(readConfig("shop", schema, { apiKey: Unknown.instance }, {})).toBeUndefined();
});

test("reports every mistake at once, with the command that fixes it", () => {
  expect(failures({ url: "no url", cotton: "red" })).toEqual([
    {
      property: "apiKey",
      reason:
        "The setting shop:apiKey is missing. The API key. Set it: npx pulumi config set --secret shop:apiKey (or the environment variable SHOP_API_KEY)",
    },
    {
      property: "url",
      reason:
        "The setting shop:url is invalid: Invalid URL. Where the shop is. Set it: npx pulumi config set shop:url <value> (or the environment variable SHOP_URL)",
    },
    {
      property: "cotton",
      reason: "Unknown setting shop:cotton. Known settings: apiKey, url. Remove it: npx pulumi config rm shop:cotton",
    },
  ]);
});

test("never repeats a secret in a message", () => {
  const said = JSON.stringify(failures({ apiKey: new Secret("hunter2") }));
  expect(said).toContain("shop:apiKey is invalid");
  expect(said).not.toContain("hunter2");
});

test("settings of a project with the package's name are not the provider's", () => {
  const given = { apiKey: "key", signingKeys: new Secret("of the project"), version: "1.0.0" };
  expect(ownSettings(schema, given)).toEqual({ apiKey: "key", version: "1.0.0" });
});
