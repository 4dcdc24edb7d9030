import { type RelayRole, relayRoles } from "../../components/relay/azure/relay-roles.ts";
import { code, fenced, page, table } from "./markdown.ts";

/** Generates the page of the relay's permissions in Azure from its roles. */
export function rolesPage(): string {
  const roles: readonly RelayRole[] = Object.values(relayRoles);
  return page(
    "# Roles of the relay in Azure",
    "The relay has its own identity, which `pulumi up` gives exactly these roles. There are no account keys. Without one of the roles, " +
      "only what the table says for it fails, with 403. Some it has only with one storage account, others only with two: see " +
      "[`azure.separateHostStorage`](../azure.md#one-storage-account-or-two).",
    table(
      ["Role", "On", "Storage accounts", "What it is needed for"],
      roles.map(({ role, scope, accounts, condition, neededFor }) => [
        role + (condition ? ", with a condition" : ""),
        scope,
        accounts === undefined ? "one or two" : accounts === 1 ? "one" : "two",
        neededFor.join("; "),
      ]),
    ),
    `The conditions make the container ${code("dead-letters")} one that the relay can write to and list, but neither read nor delete from.`,
    ...roles.flatMap(({ role, scope, condition }) =>
      condition
        ? [
            `${role} on ${scope}:`,
            fenced("", condition.replaceAll(" AND !", "\n  AND !").replaceAll(" OR (@", "\n  OR (@")),
          ]
        : [],
    ),
    "What they do not prevent: Azure has no condition on deleting a whole container, and a dead letter can be overwritten under its own name. " +
      "Soft delete and versions bring both back.",
  );
}
