import type { AxiosResponse } from "axios";
import type { VendorComplaint } from "pulumi-provider-kit/http";
import { z } from "zod";
import { paths } from "./paths.ts";

/**
 * All error bodies of Platform's APIs: the gateway's `error_code` and `message`; the problem documents of Schema
 * Registry, Flow Service and others with `type`, `title`, `detail` and a `report`. The bodies of Data Prep and Catalog are
 * not documented, so their likely properties are read too.
 */
const shape = z.object({
  type: z.string().optional().catch(undefined),
  title: z.string().optional().catch(undefined),
  detail: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
  errorMessage: z.string().optional().catch(undefined),
  error_code: z.coerce.string().optional().catch(undefined),
  errorCode: z.coerce.string().optional().catch(undefined),
  report: z
    .object({
      "detailed-message": z.string().optional().catch(undefined),
      message: z.string().optional().catch(undefined),
      "request-id": z.string().optional().catch(undefined),
      registryRequestId: z.string().optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});

/** Explains an error answer from Platform, and what the user can do about it. */
export function explainPlatformError(response: AxiosResponse): VendorComplaint {
  const header = response.headers["x-request-id"];
  const answer = shape.safeParse(response.data);
  if (!answer.success) return explainForeign(response, header);
  const { report, ...body } = answer.data;
  const code = body.error_code ?? body.errorCode ?? codeOfType(body.type);
  const detail =
    report?.["detailed-message"] ?? body.detail ?? body.errorMessage ?? body.message ?? report?.message ?? body.title;
  return {
    code,
    detail,
    requestId: report?.registryRequestId ?? report?.["request-id"] ?? header,
    remedy: remedy(code ?? "", response),
  };
}

/** `http://ns.adobe.com/aep/errors/XDM-1521-400` → `XDM-1521-400`. */
function codeOfType(type: string | undefined): string | undefined {
  return type?.match(/\/([A-Z]+-\d+-\d+)$/)?.[1];
}

function explainForeign(response: AxiosResponse, requestId: string | undefined): VendorComplaint {
  const page = typeof response.data === "string" && response.data.trimStart().startsWith("<");
  const text = typeof response.data === "string" ? response.data.trim().slice(0, 300) : "";
  if (!page) return { ...(text && { detail: text }), requestId, remedy: remedy("", response) };
  return {
    detail: "the answer was a web page, not an API's",
    requestId,
    remedy: "Check that the setting aep:platformUrl points to Platform's APIs, not to a proxy's page.",
  };
}

const credential =
  "Check that the settings aep:clientId and aep:clientSecret are those of a credential that still exists in Adobe " +
  "Developer Console.";
const role =
  "Add the API credential to a role in Experience Platform (Permissions > Roles > API credentials) that includes the " +
  "sandbox of aep:sandbox and the permissions Manage Sources, Manage Schemas and Manage Datasets; for Profile also " +
  "Manage Identity Metadata, View Identity Namespaces and Manage Profiles.";
/** Adobe documents no permission for mapping sets, so preflight can't check one. */
const mappingSetRole =
  "Adobe documents no permission for mapping sets. Check in Experience Platform (Permissions > Roles > API credentials) that a role " +
  "with this API credential includes the sandbox of aep:sandbox with the permissions Manage Sources, View Sources, Manage " +
  "Schemas, View Schemas, Manage Datasets and View Datasets. If one does, ask Adobe's support which permission is missing, and " +
  "give them the request id.";
const queryRole =
  "Add the permission Manage Queries to a role with the API credential in Experience Platform (Permissions > Roles). If one has it, " +
  "the organization's license may not include ad hoc queries of Query Service.";
const sandbox =
  "Check the name of the sandbox, and that the credential's role includes it: npx pulumi config set aep:sandbox <name>";
const organization =
  "Check that the setting aep:orgId is the organization in which the credential of aep:clientId was created, and that its " +
  "project in Adobe Developer Console has the API “Experience Platform API” with a product profile.";
const clientId =
  "Check that the setting aep:clientId is the client id of the credential, and that its project in Adobe Developer " +
  "Console has the API “Experience Platform API”.";
/** What to do about a title that is taken. */
export const titleRule =
  "Titles are unique across schemas, field groups, classes and data types: choose another title.";
const schemaClash =
  "The dataset behind the target connection and the mapping set must have the same schema in the same version.";

/** Remedies by code, from Adobe's flow-service-errors.md, the Schema Registry's troubleshooting guide and the gateway's errors. */
const remedies: readonly (readonly [code: RegExp, remedy: string])[] = [
  [/^(403025|FLOW-200[012]-401)$/, organization],
  [/^40300[03]$/, clientId],
  [/^FLOW-(2118|2120|2121)-403$/, role],
  [/^FLOW-(2100|2101|2103)-404$/, sandbox],
  [
    /^FLOW-(1100|1413)-400$/,
    "Check that the source is offered in the sandbox: Sources > Catalog in Experience Platform.",
  ],
  [/^FLOW-(1412|1419)-400$/, "Check that mappingSetId and mappingSetVersion name a mapping set of this sandbox."],
  [/^FLOW-1425-400$/, schemaClash],
  [/^FLOW-(1418|1447)-400$/, "First delete the dataflows that use it: Sources > Dataflows in Experience Platform."],
  [/^XDM-1521-400$/, titleRule],
  [
    /^XDM-102\d-400$/,
    "Fields of a field group must be under _<tenant id>; the function aep:index:getTenant returns it.",
  ],
  [
    /^XDM-152[678]-400$/,
    "A schema joins Profile once it has a primary identity (an aep:index:IdentityDescriptor with isPrimary) or the field " +
      "group https://ns.adobe.com/xdm/context/identitymap.",
  ],
  [
    /^XDM-1413-400$/,
    "Another schema of the same class has a field with this path and a different type; use another path.",
  ],
];

function remedy(code: string, { status, config }: AxiosResponse): string | undefined {
  const known = remedies.find(([pattern]) => pattern.test(code))?.[1];
  if (known) return known;
  if (status === 401) return credential;
  if (status !== 403) return undefined;
  if (config.url?.startsWith(paths.queryConnection)) return queryRole;
  return config.url?.startsWith(paths.mappingSets) ? mappingSetRole : role;
}
