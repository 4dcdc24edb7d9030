import { commands } from "../../cli/commands.ts";
import { operatorRoles } from "../../docs/reference/roles.ts";
import { roleDefinitions } from "../../packages/local-cloud/src/azure/identity/role-definitions.ts";

test("docs/reference/roles.md says of every command which roles an operator needs, by names that Azure has", () => {
  const listed = operatorRoles.flatMap((row) => row.commands);
  expect(listed).toHaveLength(new Set(listed).size);
  const named = new Set(listed.map((command) => command.split(" ")[0]));
  expect([...named].toSorted()).toEqual(commands.map(({ name }) => name).toSorted());
  const known = roleDefinitions.map(({ name }) => name);
  for (const role of operatorRoles.flatMap(({ roles }) => roles)) expect(known).toContain(role);
});
