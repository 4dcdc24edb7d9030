import type { PropertyMap } from "../../pulumi-provider-kit/src/engine/values.ts";
import { ConfigError, readConfig } from "../../pulumi-provider-kit/src/settings/provider-config.ts";
import { config } from "../src/config.ts";
import { credential } from "./aep.ts";

function mistakes(given: PropertyMap, environment: Record<string, string> = {}): Record<string, string> {
  try {
    readConfig("aep", config, given, environment);
    return {};
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return Object.fromEntries(error.failures.map(({ property, reason }) => [property, reason]));
  }
}

test("the four settings of a credential are enough", () => {
  expect(readConfig("aep", config, credential, {})).toEqual({
    ...credential,
    scopes: "openid,session,AdobeID,read_organizations,additional_info.projectedProductContext",
    imsUrl: "https://ims-na1.adobelogin.com",
    platformUrl: "https://platform.adobe.io",
  });
});

test("environment variables are the fallback, and the stack's configuration has precedence", () => {
  const environment = {
    AEP_CLIENT_ID: "from-ci",
    AEP_CLIENT_SECRET: "secret-of-ci",
    AEP_ORG_ID: "FFFF@AdobeOrg",
    AEP_SANDBOX: "ci",
    AEP_IMS_URL: "https://ims.example",
    AEP_PLATFORM_URL: "https://platform.example/",
  };
  expect(readConfig("aep", config, { sandbox: "dev" }, environment)).toMatchObject({
    clientId: "from-ci",
    clientSecret: "secret-of-ci",
    orgId: "FFFF@AdobeOrg",
    sandbox: "dev",
    imsUrl: "https://ims.example",
    platformUrl: "https://platform.example",
  });
});

test("every missing setting is named with the command that sets it", () => {
  const missing = mistakes({});
  expect(Object.keys(missing)).toEqual(["clientId", "clientSecret", "orgId", "sandbox"]);
  expect(missing.clientSecret).toContain("The setting aep:clientSecret is missing.");
  expect(missing.clientSecret).toContain("npx pulumi config set --secret aep:clientSecret");
  expect(missing.clientSecret).toContain("AEP_CLIENT_SECRET");
  expect(missing.sandbox).toContain("npx pulumi config set aep:sandbox <value>");
});

test.each([
  ["orgId", "0123456789ABCDEF01234567", "@AdobeOrg"],
  ["sandbox", "My Sandbox", "in lower case, and not its title"],
  ["clientSecret", "  ", "it is empty"],
  ["platformUrl", "platform.adobe.io", "it must be a URL that begins with https://"],
  ["platformUrl", "http://gateway.example", "because credentials are sent there"],
  ["platformUrl", "http://localhost:x@gateway.example", "because credentials are sent there"],
  ["imsUrl", "ftp://ims.example", "it must be a URL that begins with https://"],
])("a wrong %s is reported", (name, value, part) => {
  const told = mistakes({ ...credential, [name]: value });
  expect(Object.keys(told)).toEqual([name]);
  expect(told[name]).toContain(`The setting aep:${name} is invalid: `);
  expect(told[name]).toContain(part);
});

test.each(["http://localhost:8080", "http://127.0.0.1:1", "http://[::1]:1"])(
  "plain %s is fine on one's own machine",
  (url) => {
    expect(mistakes({ ...credential, platformUrl: url, imsUrl: url })).toEqual({});
  },
);
