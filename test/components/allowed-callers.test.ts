import { CustomerIoSource } from "../../components/customer-io-source.ts";
import { requireAddresses } from "../../components/relay/network/access-restrictions.ts";
import { type CustomerIoSourceArgs, SourceArguments } from "../../components/settings/source-arguments.ts";
import { argumentWords, stackWords } from "../../settings/setting-words.ts";
import { configureWithCredentials, declareBy } from "./stack.ts";

const theirs = { "customerio:index:getIpAddresses": { ipAddresses: ["35.188.196.183", "104.198.177.219"] } };

/** The function app's configuration as Azure gets it. */
async function siteConfig(allowedCallers?: CustomerIoSourceArgs["allowedCallers"]) {
  configureWithCredentials();
  const program = () => ({ id: new CustomerIoSource("events", allowedCallers && { allowedCallers }).webhookId });
  const { resources } = await declareBy(program, theirs);
  return resources.find(({ type }) => type.endsWith(":FunctionApp"))?.inputs.body.properties.siteConfig;
}

const open = { minTlsVersion: "1.2", scmMinTlsVersion: "1.2" };
/** Properties that Azure refuses on Flex Consumption, whatever their value. */
const refused = ["netFrameworkVersion", "linuxFxVersion", "ftpsState", "use32BitWorkerProcess", "alwaysOn"];

test("without the setting, everyone may call, and the app's configuration does not change", async () => {
  expect(await siteConfig()).toEqual(open);
  expect(await siteConfig({})).toEqual(open);
});

test("Customer.io, others that send, operators and the availability test may call; the deployment site takes operators alone", async () => {
  const warnings: unknown[] = [];
  const warned = jest.spyOn(console, "warn").mockImplementation((line) => void warnings.push(line));
  const config = await siteConfig({
    customerIo: true,
    addresses: ["198.51.100.0/24", "2001:db8::1"],
    operators: ["203.0.113.7", "104.198.177.219"],
  });
  warned.mockRestore();
  const ranges = (rules: { ipAddress: string }[]) => rules.map(({ ipAddress }) => ipAddress);
  expect(ranges(config.ipSecurityRestrictions)).toEqual([
    "104.198.177.219/32",
    "198.51.100.0/24",
    "2001:db8::1/128",
    "203.0.113.7/32",
    "35.188.196.183/32",
    "ApplicationInsightsAvailability",
  ]);
  expect(config.ipSecurityRestrictions.at(-1)).toMatchObject({ tag: "ServiceTag", action: "Allow", priority: 105 });
  expect(ranges(config.scmIpSecurityRestrictions)).toEqual(["104.198.177.219/32", "203.0.113.7/32"]);
  expect(config).toMatchObject({
    ...open,
    ipSecurityRestrictionsDefaultAction: "Deny",
    scmIpSecurityRestrictionsUseMain: false,
    scmIpSecurityRestrictionsDefaultAction: "Deny",
  });
  const priorities = config.ipSecurityRestrictions.map(({ priority }: { priority: number }) => priority);
  expect(new Set(priorities).size).toBe(priorities.length);
  expect(refused.filter((name) => name in config)).toEqual([]);
  expect(warnings.join("\n")).toMatch(
    /2 addresses that Customer\.io's API lists now\. The list changes without notice/,
  );
});

test.each([
  [
    "settings",
    stackWords("customerio-aep"),
    "npx pulumi config set --path 'allowedCallers.addresses[1]' <range>, and npx pulumi config set --path allowedCallers.customerIo false",
  ],
  [
    "arguments",
    argumentWords,
    "set the argument allowedCallers.addresses[1] to <range>, and set the argument allowedCallers.customerIo to false",
  ],
])("if Customer.io lists no addresses, the error names the %s to give instead", (_kind, words, remedy) => {
  // One is given already, and stays.
  expect(() => requireAddresses([], ["203.0.113.7"], words)).toThrow(remedy);
});

const door = "4c8f9a1e-5b1d-4b7e-9a51-0f6d2b7c3e10";

test("calls through the given profiles of Azure Front Door are accepted, and through no others", async () => {
  const config = await siteConfig({ frontDoorIds: [door], operators: ["203.0.113.7"] });
  expect(config.ipSecurityRestrictions).toEqual([
    { name: "caller 1", priority: 100, action: "Allow", ipAddress: "203.0.113.7/32" },
    expect.objectContaining({ ipAddress: "ApplicationInsightsAvailability", priority: 101 }),
    {
      name: "front door",
      priority: 102,
      action: "Allow",
      tag: "ServiceTag",
      ipAddress: "AzureFrontDoor.Backend",
      headers: { "x-azure-fdid": [door] },
    },
  ]);
  expect(JSON.stringify(config.scmIpSecurityRestrictions)).not.toContain("FrontDoor");
});

test("without customerIo, a preview neither asks Customer.io nor warns", async () => {
  const warned = jest.spyOn(console, "warn").mockImplementation(() => undefined);
  const config = await siteConfig({ addresses: ["198.51.100.0/24"], operators: ["203.0.113.7"] });
  expect(JSON.stringify(config)).not.toContain("35.188.196.183");
  expect(warned).not.toHaveBeenCalled();
  warned.mockRestore();
});

test.each([
  [{ customerIo: true }, "operators must contain the address of the machine that runs Pulumi"],
  [{ frontDoorIds: [door] }, "operators must contain the address of the machine that runs Pulumi"],
  [{ frontDoorIds: ["afd-prod"], operators: ["203.0.113.7"] }, "it must be a Front Door ID such as"],
  [{ operators: ["203.0.113.7"] }, "with operators alone, nobody could send events"],
  [{ customerIo: true, operators: ["203.0.113.7/33"] }, "203.0.113.0/24"],
  [{ customerIo: true, operators: ["2001:db8::/129"] }, "203.0.113.0/24"],
  [{ customerIo: true, operators: ["office.example.org"] }, "203.0.113.0/24"],
  [{ addresses: Array.from({ length: 510 }, () => "10.0.0.1"), operators: ["10.0.0.2"] }, "at most 510 addresses"],
])("it refuses what can't work before anything is created: %j", (allowedCallers, words) => {
  expect(() => new SourceArguments({ allowedCallers }).read()).toThrow(words);
});

test.each(["http://events.example.com/customerio", "events.example.com", "https://203.0.113.7/customerio"])(
  "it refuses %s as an address for the webhook",
  (webhookEndpoint) => {
    expect(() => new SourceArguments({ webhookEndpoint }).read()).toThrow("https://events.example.com/customerio");
  },
);

test.each(["https://events.example.com/customerio?code=zq8", "https://gateway:zq8@events.example.com/customerio"])(
  "it refuses a key in the address, which the output relayUrl would show: %s",
  (webhookEndpoint) => {
    expect(() => new SourceArguments({ webhookEndpoint }).read()).toThrow("without user name, password and query");
  },
);
