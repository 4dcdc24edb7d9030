import { VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import { settingWordsOf } from "../../../settings/setting-words.ts";
import { roleApiVersion } from "../api-versions.ts";
import { grantedActions, permitsAction, roleFor } from "./actions.ts";
import type { AzureCheck, AzureQuery, PlannedRelay } from "./azure-question.ts";

type Existing = PlannedRelay["existing"][number];

const anything = z.object({ properties: z.record(z.string(), z.unknown()).nullish() });
type Found = z.output<typeof anything>;

/** Whether the resources in the settings exist, fit the relay, and give the login the rights that an `up` needs. */
export const checkExisting: AzureCheck = async (azure, planned) => {
  const problems = await Promise.all(
    planned.existing.map(async (existing) => {
      const found = await find(existing, azure);
      if (found === undefined) {
        return [`${existing.setting}: Azure has no ${existing.id}. ${chooseAnother(existing, planned)}`];
      }
      const unfit = unfitness(existing, found, planned);
      return [...unfit, ...(await findMissingRights(existing, azure, planned))];
    }),
  );
  return problems.flat();
};

async function find({ id, apiVersion, setting }: Existing, azure: AzureQuery): Promise<Found | undefined> {
  try {
    return await azure({ path: id, apiVersion, purpose: `read what ${setting} names` }, anything);
  } catch (error) {
    if (error instanceof VendorError && error.status === 404) return undefined;
    throw error;
  }
}

/** Why the relay can't use a resource. */
function unfitness(existing: Existing, { properties }: Found, planned: PlannedRelay): string[] {
  const { id, setting } = existing;
  if (/\/vaults\/[^/]+$/i.test(id) && properties?.enableRbacAuthorization !== true) {
    return [
      `${setting}: the vault ${nameOf(existing)} uses access policies, but the relay's identity needs Azure roles. ` +
        `${chooseAnother(existing, planned)}, or have its owner change it, after giving all its users roles: ` +
        `az keyvault update --name ${nameOf(existing)} --enable-rbac-authorization true`,
    ];
  }
  if (!/\/subnets\/[^/]+$/i.test(id)) return [];
  const services =
    subnet.safeParse(properties).data?.delegations.map(({ properties: { serviceName } }) => serviceName) ?? [];
  if (setting.endsWith("endpointSubnetId")) {
    if (services.length === 0) return [];
    return [
      `${setting}: the subnet is delegated to ${services.join(", ")}, so it can't have private endpoints. ${chooseAnother(existing, planned)}`,
    ];
  }
  if (services.some((service) => service.toLowerCase() === flexDelegation.toLowerCase())) return [];
  return [
    `${setting}: the subnet is not delegated to ${flexDelegation}, as Flex Consumption requires. Have its owner delegate it: ` +
      `az network vnet subnet update --ids ${id} --delegations ${flexDelegation}`,
  ];
}

const flexDelegation = "Microsoft.App/environments";
const subnet = z.object({
  delegations: z.array(z.object({ properties: z.object({ serviceName: z.string() }) })).default([]),
});

/** Rights on the resource itself (Azure's REST reference: Permissions, *List For Resource*). */
async function findMissingRights(existing: Existing, azure: AzureQuery, { objectId }: PlannedRelay): Promise<string[]> {
  const { id, setting, actions } = existing;
  const { value } = await azure(
    {
      path: `${id}/providers/Microsoft.Authorization/permissions`,
      apiVersion: roleApiVersion,
      purpose: `list what the Azure login may do with what ${setting} names`,
    },
    grantedActions,
  );
  const missing = actions.filter((action) => !permitsAction(value, action));
  if (missing.length === 0) return [];
  const commands = [...new Set(missing.map(roleFor))].map(
    (role) => `az role assignment create --assignee ${objectId ?? "<object id>"} --role "${role}" --scope ${id}`,
  );
  return [
    `${setting}: the Azure login lacks the rights ${missing.join(", ")} on it. Have an owner give them: ${commands.join("; ")}`,
  ];
}

function nameOf({ id }: Existing): string {
  return id.split("/").at(-1) ?? "";
}

function chooseAnother({ setting }: Existing, { project }: PlannedRelay): string {
  return `Choose one that exists: ${settingWordsOf(project).set(setting, "<id>")}`;
}
