import type { PropertyMap } from "../../pulumi-provider-kit/src/engine/values.ts";
import { ConfigError, readConfig } from "../../pulumi-provider-kit/src/settings/provider-config.ts";
import { appApiUrl, config } from "../src/config.ts";

function read(settings: PropertyMap, environment: Record<string, string> = {}) {
  return readConfig("customerio", config, settings, environment);
}

function mistakes(settings: PropertyMap): Record<string, string> {
  try {
    read(settings);
  } catch (error) {
    if (error instanceof ConfigError) {
      return Object.fromEntries(error.failures.map(({ property, reason }) => [property, reason]));
    }
    throw error;
  }
  return {};
}

test("a key alone is enough; the region is us", () => {
  const settings = read({ appApiKey: "key" });
  expect(settings).toEqual({ appApiKey: "key", region: "us" });
  expect(settings && appApiUrl(settings)).toBe("https://api.customer.io");
});

test("each region has its own address, and appApiUrl overrides both", () => {
  expect(appApiUrl({ appApiKey: "key", region: "eu" })).toBe("https://api-eu.customer.io");
  expect(appApiUrl({ appApiKey: "key", region: "eu", appApiUrl: "https://proxy.example" })).toBe(
    "https://proxy.example",
  );
});

test("the environment is the fallback, the configuration has precedence", () => {
  const environment = {
    CUSTOMERIO_APP_API_KEY: "environment-key",
    CUSTOMERIO_REGION: "eu",
    CUSTOMERIO_APP_API_URL: "http://127.0.0.1:1",
  };
  expect(read({}, environment)).toEqual({
    appApiKey: "environment-key",
    region: "eu",
    appApiUrl: "http://127.0.0.1:1",
  });
  expect(read({ appApiKey: "key", region: "us" }, environment)).toEqual({
    appApiKey: "key",
    region: "us",
    appApiUrl: "http://127.0.0.1:1",
  });
});

test("a key pasted with a line break is used without it", () => {
  expect(read({ appApiKey: "key\n" })?.appApiKey).toBe("key");
});

test("each mistake names the setting and the command that fixes it", () => {
  expect(mistakes({}).appApiKey).toContain(
    "Set it: npx pulumi config set --secret customerio:appApiKey (or the environment variable CUSTOMERIO_APP_API_KEY)",
  );
  expect(mistakes({ appApiKey: "two words" }).appApiKey).toContain("a key has no spaces");
  expect(mistakes({ appApiKey: "two words" }).appApiKey).not.toContain("two words");
  expect(mistakes({ appApiKey: "key", region: "de" }).region).toContain(
    'The setting customerio:region is invalid: it must be "us" or "eu"',
  );
  expect(mistakes({ appApiKey: "key", appApiUrl: "api.customer.io" }).appApiUrl).toContain(
    "it must be a URL that begins with https://",
  );
  for (const open of ["http://api.customer.io", "http://localhost.example"]) {
    expect(mistakes({ appApiKey: "key", appApiUrl: open }).appApiUrl).toContain(
      "it must begin with https://, because credentials are sent there",
    );
  }
});
