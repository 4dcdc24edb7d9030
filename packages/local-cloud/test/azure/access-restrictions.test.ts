import { takesCallsFrom } from "../../src/azure/network/access-restrictions.ts";

const rules = {
  ipSecurityRestrictions: [
    { priority: 200, action: "Deny", ipAddress: "203.0.113.0/24" },
    { priority: 100, action: "Allow", ipAddress: "203.0.113.7/32" },
    { priority: 300, action: "Allow", ipAddress: "2001:db8::/32" },
    { priority: 400, action: "Allow", tag: "ServiceTag", ipAddress: "ApplicationInsightsAvailability" },
  ],
  scmIpSecurityRestrictions: [{ priority: 100, action: "Allow", ipAddress: "198.51.100.1/32" }],
};

test.each([
  ["203.0.113.7", true],
  ["203.0.113.8", false],
  ["2001:db8::7", true],
  ["2001:db9::7", false],
  ["ApplicationInsightsAvailability", true],
  ["AzureFrontDoor.Backend", false],
  ["198.51.100.1", false],
])("the first rule that applies decides about %s", (origin, isTaken) => {
  expect(takesCallsFrom({ address: origin }, "main", rules)).toBe(isTaken);
});

test("the deployment site has rules of its own, unless it uses those of the app", () => {
  expect(takesCallsFrom({ address: "198.51.100.1" }, "scm", rules)).toBe(true);
  expect(takesCallsFrom({ address: "203.0.113.7" }, "scm", rules)).toBe(false);
  expect(takesCallsFrom({ address: "203.0.113.7" }, "scm", { ...rules, scmIpSecurityRestrictionsUseMain: true })).toBe(
    true,
  );
});

test("without a rule that applies, the default action decides; without rules everyone may call", () => {
  expect(takesCallsFrom({ address: "192.0.2.1" }, "main", undefined)).toBe(true);
  expect(takesCallsFrom({ address: "192.0.2.1" }, "main", { ipSecurityRestrictions: [] })).toBe(true);
  expect(
    takesCallsFrom({ address: "192.0.2.1" }, "main", { ...rules, ipSecurityRestrictionsDefaultAction: "Allow" }),
  ).toBe(true);
  expect(takesCallsFrom({ address: "192.0.2.1" }, "main", { ipSecurityRestrictionsDefaultAction: "Deny" })).toBe(false);
});

test("a rule for Azure Front Door accepts only calls of its own profile", () => {
  const door = {
    ipSecurityRestrictions: [
      {
        priority: 100,
        action: "Allow",
        tag: "ServiceTag",
        ipAddress: "AzureFrontDoor.Backend",
        headers: { "x-azure-fdid": ["ours", "also-ours"] },
      },
    ],
  };
  const takes = (address: string, frontDoorId?: string) => takesCallsFrom({ address, frontDoorId }, "main", door);
  expect(takes("AzureFrontDoor.Backend", "ours")).toBe(true);
  expect(takes("AzureFrontDoor.Backend", "also-ours")).toBe(true);
  expect(takes("AzureFrontDoor.Backend", "somebody-else's")).toBe(false);
  expect(takes("AzureFrontDoor.Backend")).toBe(false);
  expect(takes("192.0.2.1", "ours")).toBe(false);
});
