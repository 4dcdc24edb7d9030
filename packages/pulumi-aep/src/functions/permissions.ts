import { z } from "zod";
import type { AepClient } from "../client/client.ts";
import { paths } from "../client/paths.ts";

/** A permission: its title on a role's page in Platform, and the names in the access control API that grant it. */
interface Permission {
  readonly title: string;
  /** Any of these is enough; managing includes viewing (Adobe's "Access control overview"). */
  readonly names: readonly string[];
}

const always: readonly Permission[] = [
  { title: "Manage Schemas", names: ["manage-schemas"] },
  { title: "Manage Datasets", names: ["manage-datasets"] },
  { title: "Manage Sources", names: ["manage-sources"] },
];

/** The first may also have the name that its title suggests. */
const forProfile: readonly Permission[] = [
  { title: "Manage Identity Metadata", names: ["manage-schema-identities", "manage-identity-metadata"] },
  { title: "View Identity Namespaces", names: ["view-identity-namespaces", "manage-identity-namespaces"] },
  { title: "Manage Profiles", names: ["manage-profiles"] },
];

export interface PermissionReport {
  /** Titles of the permissions that the credential's role does not grant. */
  readonly missing: string[];
  /** Titles of permissions that are not in Platform's list, so they can't be checked. */
  readonly unknown: string[];
}

const referenceAnswer = z.object({
  permissions: z.record(z.string(), z.record(z.string(), z.array(z.string())).catch({})),
});
const policiesAnswer = z.object({ policies: z.record(z.string(), z.array(z.string())).catch({}) });

/**
 * Finds the permissions that the credential lacks in its sandbox for everything that the package creates. The answer contains effective
 * permissions with their actions and omits the others (Adobe's "Effective policies").
 */
export async function findMissingPermissions(
  client: AepClient,
  { profile }: { readonly profile: boolean },
  signal: AbortSignal,
): Promise<PermissionReport> {
  const needed = [...always, ...(profile ? forProfile : [])];
  const purpose = "ask for the names of the permissions";
  const reference = await client.call({ method: "GET", path: paths.permissionNames, signal, purpose }, referenceAnswer);
  const known = (name: string) => name in reference.permissions;
  const typesOf = (name: string) => Object.entries(reference.permissions[name] ?? {});

  const names = needed.flatMap((permission) => permission.names).filter(known);
  const types = new Set(names.flatMap((name) => typesOf(name).map(([type]) => type)));
  const body = [...names.map((name) => `/permissions/${name}`), ...[...types].map((type) => `/resource-types/${type}`)];
  // Platform may answer an empty question with everything or an error; neither says anything.
  if (body.length === 0) return { missing: [], unknown: needed.map(({ title }) => title) };
  const { policies } = await client.call(
    {
      method: "POST",
      path: paths.effectivePolicies,
      body,
      repeatable: true,
      signal,
      purpose: "ask for the permissions",
    },
    policiesAnswer,
  );
  const actions = (url: string) => policies[url] ?? [];
  // A role may grant the parts of a permission without the permission itself.
  const inParts = (name: string) =>
    typesOf(name).length > 0 &&
    typesOf(name).every(([type, wanted]) =>
      wanted.every((action) => actions(`/resource-types/${type}`).some((held) => held === action || held === "*")),
    );
  const isGranted = (name: string) => known(name) && (actions(`/permissions/${name}`).length > 0 || inParts(name));

  const lacking = needed.filter((permission) => !permission.names.some(isGranted));
  return {
    missing: lacking.filter((permission) => permission.names.some(known)).map(({ title }) => title),
    unknown: lacking.filter((permission) => !permission.names.some(known)).map(({ title }) => title),
  };
}
