import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { readAppSettings } from "../../relay/azure/settings.ts";
import type { AppSettingName } from "../../relay/core/app-settings.ts";

const streamingUrl = "https://dcs.adobedc.net/collection/0123456789abcdef?x-adobe-flow-id=f1a2";
const reference = "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)";
const unset = "is not set, or is a Key Vault reference that could not be resolved";
const badUrl = "must be the dataflow's inlet URL with the query parameter x-adobe-flow-id";

test("reads signing keys, one per line", () => {
  expect(readAppSettings({ CUSTOMERIO_SIGNING_KEYS: "one\ntwo" }).signingKeys).toEqual(["one", "two"]);
  expect(readAppSettings({ CUSTOMERIO_SIGNING_KEYS: reference }).signingKeys).toEqual([]);
  expect(readAppSettings({}).signingKeys).toEqual([]);
});

describe("intake", () => {
  const all = { filters: {}, personalData: { content: "keep", email: "keep", recipient: "keep" } };
  test.each([
    ["nothing", {}, { policy: all, maximumAgeSeconds: 0 }],
    ["a window", { MAXIMUM_CALL_AGE_SECONDS: "300" }, { policy: all, maximumAgeSeconds: 300 }],
    [
      "a policy",
      { EVENT_POLICY: '{"filters":{"except":{"recipientDomains":["Example.org"]}},"personalData":{"email":"hash"}}' },
      {
        policy: {
          filters: { except: { recipientDomains: ["example.org"] } },
          personalData: { ...all.personalData, email: "hash" },
        },
        maximumAgeSeconds: 0,
      },
    ],
    ["no JSON", { EVENT_POLICY: "drop all" }, { problem: "App settings: EVENT_POLICY must be JSON." }],
    [
      "metrics that are not a list",
      { EVENT_POLICY: '{"filters":{"only":{"objectTypes":["email"],"metrics":"opened"}}}' },
      { problem: expect.stringMatching(/^App settings: EVENT_POLICY at filters\.only\.metrics Invalid input/) },
    ],
    [
      "a word misspelled",
      { EVENT_POLICY: '{"personaldata":{}}' },
      { problem: 'App settings: EVENT_POLICY Unrecognized key: "personaldata".' },
    ],
    [
      "an invalid window",
      { MAXIMUM_CALL_AGE_SECONDS: "long" },
      { problem: "App settings: MAXIMUM_CALL_AGE_SECONDS must be a number." },
    ],
  ])("%s", (_, environment, intake) => {
    expect(readAppSettings(environment).intake).toEqual(intake);
  });
});

test.each([
  [undefined, 7],
  ["", 7],
  ["3", 3],
  ["0", 0],
  ["91", 7],
  ["week", 7],
])("DUPLICATE_WINDOW_DAYS %j is %d", (text, days) => {
  expect(readAppSettings({ DUPLICATE_WINDOW_DAYS: text }).duplicateWindowDays).toBe(days);
});

test.each([
  [undefined, 2048],
  ["512", 512],
  ["4096", 4096],
  ["0", 2048],
  ["much", 2048],
])("INSTANCE_MEMORY_MB %j is %d", (text, memory) => {
  expect(readAppSettings({ INSTANCE_MEMORY_MB: text }).instanceMemoryMB).toBe(memory);
});

describe("the credential for an inlet that requires a token", () => {
  const given = {
    PLATFORM_STREAMING_URL: streamingUrl,
    PLATFORM_IMS_URL: "https://ims-na1.adobelogin.com",
    PLATFORM_CLIENT_ID: "client-1",
    PLATFORM_CLIENT_SECRET: "hidden",
    PLATFORM_SCOPES: "openid,AdobeID",
    PLATFORM_ORG_ID: "0123@AdobeOrg",
  };
  test("is read as a whole", () => {
    expect(readAppSettings(given).platform).toMatchObject({
      credential: {
        imsUrl: "https://ims-na1.adobelogin.com",
        clientId: "client-1",
        clientSecret: "hidden",
        scopes: "openid,AdobeID",
        orgId: "0123@AdobeOrg",
      },
    });
  });
  test("or not at all", () => {
    expect(readAppSettings({ ...given, PLATFORM_CLIENT_ID: undefined }).platform).toMatchObject({
      credential: undefined,
    });
  });
  test("a part that is missing is named", () => {
    expect(readAppSettings({ ...given, PLATFORM_CLIENT_SECRET: reference, PLATFORM_IMS_URL: "ims" }).platform).toEqual({
      problem: `App settings: PLATFORM_IMS_URL must be the URL of Adobe IMS; PLATFORM_CLIENT_SECRET ${unset}.`,
    });
  });
});

describe("platform", () => {
  test.each([
    [
      "only the URL",
      { PLATFORM_STREAMING_URL: streamingUrl },
      { streamingUrl, readyAt: undefined, requestsPerSecond: 800 },
    ],
    [
      "an empty time",
      { PLATFORM_STREAMING_URL: streamingUrl, PLATFORM_READY_AT: "" },
      { streamingUrl, readyAt: undefined, requestsPerSecond: 800 },
    ],
    [
      "a time with an offset",
      { PLATFORM_STREAMING_URL: streamingUrl, PLATFORM_READY_AT: "2026-11-20T11:00:00+01:00" },
      { streamingUrl, readyAt: new Date("2026-11-20T10:00:00Z"), requestsPerSecond: 800 },
    ],
    ["nothing", {}, { problem: `App settings: PLATFORM_STREAMING_URL ${unset}.` }],
    [
      "an unresolved reference",
      { PLATFORM_STREAMING_URL: reference },
      { problem: `App settings: PLATFORM_STREAMING_URL ${unset}.` },
    ],
    [
      "a URL without the flow id, which Platform would answer 200 and forget",
      { PLATFORM_STREAMING_URL: "https://dcs.adobedc.net/collection/0123456789abcdef" },
      { problem: `App settings: PLATFORM_STREAMING_URL ${badUrl}.` },
    ],
    [
      "something else",
      { PLATFORM_STREAMING_URL: "ftp://x/?x-adobe-flow-id=1" },
      { problem: `App settings: PLATFORM_STREAMING_URL ${badUrl}.` },
    ],
    [
      "a rate",
      { PLATFORM_STREAMING_URL: streamingUrl, PLATFORM_REQUESTS_PER_SECOND: "250" },
      { streamingUrl, readyAt: undefined, requestsPerSecond: 250 },
    ],
    [
      "an invalid rate",
      { PLATFORM_STREAMING_URL: streamingUrl, PLATFORM_REQUESTS_PER_SECOND: "0" },
      { problem: "App settings: PLATFORM_REQUESTS_PER_SECOND must be 1 or more." },
    ],
    [
      "an invalid time",
      { PLATFORM_STREAMING_URL: streamingUrl, PLATFORM_READY_AT: "tomorrow" },
      { problem: "App settings: PLATFORM_READY_AT must be an ISO 8601 time." },
    ],
  ])("%s", (_, environment, platform) => {
    expect(readAppSettings(environment).platform).toEqual(platform);
  });
});

describe("storage", () => {
  const identity = {
    RELAY_STORAGE__queueServiceUri: "https://relay.queue.core.windows.net",
    RELAY_STORAGE__blobServiceUri: "https://relay.blob.core.windows.net",
    RELAY_STORAGE__credential: "managedidentity",
  };
  const services = {
    queueServiceUri: identity.RELAY_STORAGE__queueServiceUri,
    blobServiceUri: identity.RELAY_STORAGE__blobServiceUri,
  };
  test.each([
    [
      "a connection string",
      { RELAY_STORAGE: "UseDevelopmentStorage=true" },
      { connectionString: "UseDevelopmentStorage=true" },
    ],
    ["the function app's own identity", identity, { ...services, tableServiceUri: undefined, clientId: undefined }],
    [
      "a user-assigned identity",
      {
        ...identity,
        RELAY_STORAGE__tableServiceUri: "https://relay.table.core.windows.net",
        RELAY_STORAGE__clientId: "c1",
      },
      { ...services, tableServiceUri: "https://relay.table.core.windows.net", clientId: "c1" },
    ],
    [
      "another credential",
      { ...identity, RELAY_STORAGE__credential: "key" },
      { problem: "App settings: RELAY_STORAGE__credential must be managedidentity." },
    ],
    [
      "nothing",
      {},
      {
        problem: `App settings: RELAY_STORAGE__queueServiceUri ${unset}; RELAY_STORAGE__blobServiceUri ${unset}; RELAY_STORAGE__credential ${unset}.`,
      },
    ],
    [
      "an invalid address",
      { ...identity, RELAY_STORAGE__blobServiceUri: "relay" },
      { problem: "App settings: RELAY_STORAGE__blobServiceUri must be the URL of the storage account's service." },
    ],
  ])("%s", (_, environment, storage) => {
    expect(readAppSettings(environment).storage).toEqual(storage);
  });
});

/** App settings that the Functions host reads, not the relay. */
type HostSetting = "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT";

/** Two valid values of each app setting, which must make a difference. */
const differing: Readonly<Record<Exclude<AppSettingName, HostSetting>, readonly [string | undefined, string]>> = {
  PLATFORM_STREAMING_URL: [streamingUrl, `${streamingUrl}2`],
  PLATFORM_READY_AT: [undefined, "2026-11-20T10:00:00Z"],
  PLATFORM_REQUESTS_PER_SECOND: [undefined, "250"],
  EVENT_POLICY: [undefined, '{"personalData":{"email":"hash"}}'],
  MAXIMUM_CALL_AGE_SECONDS: [undefined, "300"],
  INSTANCE_MEMORY_MB: [undefined, "512"],
  DUPLICATE_WINDOW_DAYS: [undefined, "3"],
  PLATFORM_IMS_URL: ["https://ims-na1.adobelogin.com", "https://ims-eu1.adobelogin.com"],
  PLATFORM_CLIENT_ID: ["client-1", "client-2"],
  PLATFORM_SCOPES: ["openid", "AdobeID"],
  PLATFORM_ORG_ID: ["0123@AdobeOrg", "4567@AdobeOrg"],
  PLATFORM_CLIENT_SECRET: ["hidden", "changed"],
  CUSTOMERIO_SIGNING_KEYS: ["one", "two"],
  RELAY_STORAGE__blobServiceUri: ["https://a.blob.core.windows.net", "https://b.blob.core.windows.net"],
  RELAY_STORAGE__queueServiceUri: ["https://a.queue.core.windows.net", "https://b.queue.core.windows.net"],
  RELAY_STORAGE__tableServiceUri: ["https://a.table.core.windows.net", "https://b.table.core.windows.net"],
  RELAY_STORAGE__credential: ["managedidentity", "key"],
  RELAY_STORAGE__clientId: ["c1", "c2"],
  RELAY_STORAGE: [undefined, "UseDevelopmentStorage=true"],
  RELAY_CONFIGURATION: ["digest-1", "digest-2"],
  LOG_DETAIL: [undefined, "events"],
  EVENT_QUEUES: [undefined, "3"],
};
const complete = Object.fromEntries(Object.entries(differing).map(([name, [value]]) => [name, value]));

test("every app setting is read", () => {
  const before = JSON.stringify(readAppSettings(complete));
  const unread = Object.entries(differing).filter(
    ([name, [, value]]) => JSON.stringify(readAppSettings({ ...complete, [name]: value })) === before,
  );
  expect(unread.map(([name]) => `relay/azure/settings.ts does not read ${name}`)).toEqual([]);
});

test("everything that is read from app settings is used", () => {
  const folder = path.join(__dirname, "../../relay/azure");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && name !== "settings.ts",
  );
  const code = files.map((name) => readFileSync(path.join(folder, name), "utf8")).join("\n");
  const unused = propertiesIn(readAppSettings(complete)).filter((name) => !new RegExp(`\\b${name}\\b`).test(code));
  expect(unused.map((name) => `relay/azure/settings.ts returns ${name}: use it in relay/azure/functions.ts`)).toEqual(
    [],
  );
});

/** The names of all properties of an object and of the objects in it. The policy has a schema and users of its own. */
function propertiesIn(value: object): string[] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) => [
    name,
    ...(typeof inner === "object" && inner !== null && !Array.isArray(inner) && name !== "policy"
      ? propertiesIn(inner)
      : []),
  ]);
}
