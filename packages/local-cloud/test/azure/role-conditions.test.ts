import { parseRoleCondition } from "../../src/azure/identity/role-conditions.ts";

const name = "Microsoft.Storage/storageAccounts/blobServices/containers:name";
const target = { action: "x/read", suboperation: "Blob.List", resource: { [name]: "mine" } };
const holds = (condition: string, over: Partial<typeof target> = {}) =>
  parseRoleCondition(condition)({ ...target, ...over });

test.each([
  ["ActionMatches{'X/Read'}", true],
  ["!(ActionMatches{'x/read'})", false],
  ["NOT ActionMatches{'x/write'}", true],
  ["!(ActionMatches{'x/read'} AND NOT SubOperationMatches{'Blob.List'})", true],
  [`@Resource[${name}] StringEquals 'mine'`, true],
  [`@Resource[${name}] StringNotEquals 'mine'`, false],
  // AND binds before OR.
  ["ActionMatches{'x/read'} OR ActionMatches{'a'} AND ActionMatches{'b'}", true],
  ["(ActionMatches{'x/read'} || ActionMatches{'a'}) && ActionMatches{'b'}", false],
])("%s is %s", (condition, expected) => {
  expect(holds(condition)).toBe(expected);
});

test("a resource without the attribute matches no comparison with it", () => {
  for (const operator of ["StringEquals", "StringNotEquals"]) {
    expect(parseRoleCondition(`@Resource[${name}] ${operator} 'mine'`)({ action: "a", resource: {} })).toBe(false);
  }
});

test.each(["", "(", "ActionMatches{'a'", "ActionMatches{'a'} ActionMatches{'b'}", "true", "(ActionMatches{'a'}"])(
  "%j is not a condition",
  (condition) => {
    expect(() => parseRoleCondition(condition)).toThrow();
  },
);
