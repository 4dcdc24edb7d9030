import type { StackResource } from "./state.ts";

const component = "customerio-aep:index:CustomerIoSource";
/** Where the search starts for a source that is not a component: its last resource or, if that does not exist yet, the one before. */
const roots = ["customerio:index:ReportingWebhook", "aep:index:Dataflow"];

/** The resources of a source. */
export interface FoundSource {
  readonly name: string;
  readonly component: StackResource | undefined;
  readonly members: readonly StackResource[];
}

/**
 * The sources of a stack: each component `CustomerIoSource` with all its children, and each other webhook with all that it depends on.
 * They are sorted by name, because the state has them in the order of creation, which differs from run to run. Sources with the same
 * name are named by their URNs.
 */
export function findSources(resources: readonly StackResource[]): FoundSource[] {
  const components = resources.filter(({ type, delete: isReplaced }) => type === component && !isReplaced);
  const sources = components.map((found) => ({
    root: found,
    component: found,
    members: findDescendants(found, resources),
  }));
  const taken = new Set(sources.flatMap(({ members }) => members));
  const loose: { root: StackResource; component: undefined; members: StackResource[] }[] = [];
  for (const type of roots) {
    for (const root of resources) {
      if (root.type !== type || root.delete || taken.has(root)) continue;
      const members = findDependencies(root, resources);
      for (const member of members) taken.add(member);
      loose.push({ root, component: undefined, members });
    }
  }
  const all = [...sources, ...loose];
  const named = all.map(({ root, ...found }) => {
    const isAlone = all.filter((other) => other.root.name === root.name).length === 1;
    return { ...found, name: isAlone ? root.name : root.urn };
  });
  return named.toSorted((one, other) => one.name.localeCompare(other.name, "en"));
}

function findDescendants(top: StackResource, resources: readonly StackResource[]): StackResource[] {
  const parents = new Map(resources.map(({ urn, parent }) => [urn, parent]));
  const isBelow = (urn: string | undefined): boolean =>
    urn !== undefined && (urn === top.urn || isBelow(parents.get(urn)));
  return resources.filter(({ parent }) => isBelow(parent));
}

function findDependencies(root: StackResource, resources: readonly StackResource[]): StackResource[] {
  const byUrn = Map.groupBy(resources, ({ urn }) => urn);
  const found = new Set<string>();
  const open = [root.urn];
  for (let urn = open.pop(); urn !== undefined; urn = open.pop()) {
    if (found.has(urn)) continue;
    found.add(urn);
    for (const { dependencies, parent } of byUrn.get(urn) ?? []) {
      // A component has outputs that its resources lack.
      open.push(...dependencies, ...(parent === undefined ? [] : [parent]));
    }
  }
  return resources.filter(({ urn }) => found.has(urn));
}
