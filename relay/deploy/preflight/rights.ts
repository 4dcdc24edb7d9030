import { settingWordsOf } from "../../../settings/setting-words.ts";
import { roleApiVersion } from "../api-versions.ts";
import { grantedActions, permitsAction } from "./actions.ts";
import { type AzureCheck, scopeOf } from "./azure-question.ts";

/** The login's rights on the scope of the new resources (Azure's REST reference: Permissions, *List For Resource Group*). */
export const checkRights: AzureCheck = async (azure, planned) => {
  const scope = scopeOf(planned);
  const { value } = await azure(
    {
      path: `${scope}/providers/Microsoft.Authorization/permissions`,
      apiVersion: roleApiVersion,
      purpose: "list what the Azure login may do",
    },
    grantedActions,
  );
  const missing = planned.actions.filter((action) => !permitsAction(value, action));
  if (missing.length === 0) return [];
  const assign = (role: string) =>
    `az role assignment create --assignee ${planned.objectId ?? "<object id>"} --role "${role}" --scope ${scope}`;
  const isLock = (action: string) => action.startsWith("Microsoft.Authorization/locks/");
  const isRole = (action: string) => action.startsWith("Microsoft.Authorization/roleAssignments/");
  const remedies = [
    missing.some((action) => !isLock(action) && !isRole(action)) ? [assign("Contributor")] : [],
    missing.some(isRole) ? [assign("Role Based Access Control Administrator")] : [],
    missing.some(isLock)
      ? [
          `${assign("Locks Contributor")}, or without locks: ${settingWordsOf(planned.project).set("azure.deleteLocks", "false")}`,
        ]
      : [],
  ].flat();
  return [
    `The Azure login lacks the rights ${missing.join(", ")} on ${scope}. Have an owner give them: ${remedies.join("; ")}`,
  ];
};
