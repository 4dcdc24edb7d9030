import type { AxiosResponse } from "axios";
import type { VendorComplaint, VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import { roleFor } from "../preflight/actions.ts";
import { evaluatedPaths, evaluationDetails, policyRemedy } from "../preflight/policy-remedy.ts";

// Azure Resource Manager wraps its errors; App Service behind it returns bare ones with capitals; deployment sites return text.
const violation = z.object({
  type: z.literal("PolicyViolation"),
  info: z.object({
    policyAssignmentId: z.string(),
    policyAssignmentScope: z.string(),
    evaluationDetails: evaluationDetails.optional(),
  }),
});
const wrapped = z.object({
  error: z.object({
    code: z.string(),
    message: z.string().optional(),
    additionalInfo: z.array(z.unknown()).optional(),
  }),
});
const bare = z
  .object({ Code: z.string().optional(), Message: z.string() })
  .transform(({ Code, Message }) => ({ error: { code: Code, message: Message, additionalInfo: undefined } }));

/** Reads an error response of Azure, and adds a remedy. */
export function explainAzureError({ data, status, headers }: AxiosResponse): VendorComplaint {
  const parsed = wrapped.or(bare).safeParse(data);
  const {
    code: given,
    message,
    additionalInfo = [],
  } = parsed.success ? parsed.data.error : { code: undefined, message: text(data) };
  const code = lacksStorageAccess(raw(data)) ? storageAccessCode : given;
  const requestId = headers["x-ms-correlation-request-id"] ?? headers["x-ms-request-id"];
  return {
    code,
    detail: message,
    requestId: typeof requestId === "string" ? requestId : undefined,
    remedy: forbiddenAddress(headers) ?? violationRemedy(additionalInfo) ?? remedy(status, code, message),
  };
}

/**
 * The remedy if access restrictions make Azure's front end refuse the caller's address. It returns the address in a header that Microsoft
 * does not document, but that many public logs show.
 */
export function forbiddenAddress(headers: Readonly<Record<string, unknown>>): string | undefined {
  const address = headers["x-ms-forbidden-ip"];
  if (typeof address !== "string") return undefined;
  return (
    `The relay does not accept calls from the address ${address}, which Azure sees as this machine's. Add it to allowedCallers.operators, at ` +
    "the next place of the list, which npx pulumi config get allowedCallers shows: " +
    `npx pulumi config set --path 'allowedCallers.operators[<place>]' ${address}, then npx pulumi up`
  );
}

/** What to do about the policies that denied a resource (Microsoft, "Resolve errors for request disallowed by policy"). */
function violationRemedy(additionalInfo: readonly unknown[]): string | undefined {
  const found = additionalInfo.map((item) => violation.safeParse(item)).flatMap(({ data }) => data?.info ?? []);
  const remedies = found.map(
    ({ policyAssignmentId: assignmentId, policyAssignmentScope: scope, evaluationDetails: details }) =>
      policyRemedy(evaluatedPaths(details), { assignmentId, scope }),
  );
  return remedies.length > 0 ? [...new Set(remedies)].join(" ") : undefined;
}

/** The code of a refused package if the app can't write to its deployment container yet. */
export const storageAccessCode = "BlobUploadFailedException";

/** Whether a deployment failed because of a missing role on the deployment container: Azure's roles take time to propagate. */
export function lacksStorageAccess(said: string): boolean {
  return said.includes(storageAccessCode) && said.includes("403");
}

function raw(body: unknown): string {
  return typeof body === "string" ? body.trim() : body ? JSON.stringify(body) : "";
}

function text(body: unknown): string | undefined {
  const said = raw(body);
  // A page of markup comes from a proxy and does not help the user.
  return said === "" || said.startsWith("<") ? undefined : said.slice(0, 500);
}

/** Azure's codes for an object with a parent or reference that does not exist. */
const goneCodes = new Set([
  "ResourceGroupNotFound",
  "ParentResourceNotFound",
  "ResourceNotFound",
  "NotFound",
  "FailedIdentityOperation",
]);

function remedy(status: number, code: string | undefined, message = ""): string | undefined {
  if (code !== undefined && goneCodes.has(code)) {
    return "If the stack's state still lists deleted resources, such as after an interrupted destroy, run: npx pulumi up --refresh";
  }
  if (code !== undefined && /^(Invalid)?Subscription/.test(code)) {
    return "Your Azure login does not see this subscription. Choose the tenant: az login --tenant <tenant id>";
  }
  if (code === "ScopeLocked") {
    return (
      "A delete lock is on it. If it is the stack's own (deleteLocks of the setting azure), see docs/azure.md, " +
      '"Taking a production stack down". List the locks: az lock list --resource-group <resource group>'
    );
  }
  if (status === 409 && message.includes("deleted but recoverable state")) {
    return (
      "A deleted secret keeps its name until it is recovered, for which a login needs the role Key Vault Secrets Officer: " +
      "az keyvault secret recover --vault-name <vault> --name <secret>. Then run: npx pulumi up"
    );
  }
  if (code === "MissingSubscriptionRegistration") {
    return "Register the namespace that the message names: az provider register --namespace <namespace> --wait. Then run: npx pulumi up";
  }
  if (code === storageAccessCode) {
    return "The app's identity needs the role Storage Blob Data Owner on the storage account of its deployment container.";
  }
  if (status === 401) {
    return "Your Azure login is not accepted. Log in again, with the tenant of the subscription: az login --tenant <tenant id>";
  }
  if (status === 403 && message.includes("Microsoft.Authorization/roleAssignments/write")) {
    return (
      "Your Azure login may not assign a role here: it needs Role Based Access Control Administrator. If it has that with a condition, add the " +
      'role that is to be assigned: docs/deploying.md, "GitHub Actions"'
    );
  }
  // Without details, Azure Policy does not say which property it is about.
  if (code === "RequestDisallowedByPolicy") return undefined;
  const [, action] = (status === 403 && message.match(/ perform action '([^']+)'/)) || [];
  if (action !== undefined && !/^Microsoft\.(Web|Storage)\//i.test(action)) {
    return `Your Azure login lacks the right ${action} here, which the role ${roleFor(action)} has.`;
  }
  if (status === 403) {
    return "Your Azure login lacks a right here: it needs the roles Website Contributor on the function app, and Storage Account Contributor on the storage account.";
  }
  return undefined;
}

/**
 * Whether Azure itself says that the object does not exist. A 404 without Azure's code may come from a proxy, and one about the
 * subscription may be due to a login of another tenant; treating those as "gone" would lose existing objects.
 */
export function saysGone({ gone, code }: Pick<VendorError, "gone" | "code">): boolean {
  return gone && code !== undefined && !/^(Invalid|Subscription)/.test(code);
}

/**
 * Azure's codes for a write that it refuses during another one (Microsoft, "Common Error Codes for Storage Resource Provider", and others).
 * A deleted queue or container keeps its name for half a minute or more ("Delete Queue", "Delete Container"). The last two are the network
 * provider's, which sends them with 429 and 400 too (pulumi-azure-native#4509, terraform-provider-azurerm#21293).
 */
const busyCodes = new Set([
  "AnotherOperationInProgress",
  "ConcurrentModification",
  "ContainerBeingDeleted",
  "QueueBeingDeleted",
  "StorageAccountBeingCreated",
  "StorageAccountIsNotProvisioned",
  "StorageAccountOperationInProgress",
  "ReferencedResourceNotProvisioned",
  "RetryableError",
]);

/** Whether Azure refused a write because of another one, without having acted. App Service says so only in words: its code is `Conflict`. */
export function saysBusy({ status = 0, code, message }: Pick<VendorError, "status" | "code" | "message">): boolean {
  if (busyCodes.has(code ?? "")) return status < 500;
  return status === 409 && code === "Conflict" && /because another operation is in progress/i.test(message);
}
