import { type RelayRole, relayRoles } from "../../components/relay/azure/relay-roles.ts";
import { code, fenced, page, table } from "./markdown.ts";

/** Everything that the relay may do in Azure, made from the roles that it gets. */
export function rolesPage(): string {
  const roles: readonly RelayRole[] = Object.values(relayRoles);
  return page(
    "# Roles of the relay in Azure",
    "The relay has an identity of its own, which `pulumi up` gives these roles and no others. There are no account keys. Without a role, " +
      "what the table says fails with 403, and nothing else does.",
    table(
      ["Role", "On", "What it is needed for"],
      roles.map(({ role, scope, condition, neededFor }) => [
        role + (condition ? ", with a condition" : ""),
        scope,
        neededFor.join("; "),
      ]),
    ),
    ...roles.flatMap(({ role, condition }) =>
      condition
        ? [
            `The condition of ${role} makes the container ${code("dead-letters")} one that the relay can write to and list, but neither ` +
              "read nor delete from:",
            fenced("", condition.replaceAll(" AND !", "\n  AND !").replaceAll(" OR (@", "\n  OR (@")),
            "What it does not prevent: Azure has no condition on deleting a whole container, and a dead letter can be overwritten under its " +
              "own name. Soft delete and versions bring both back.",
          ]
        : [],
    ),
  );
}
