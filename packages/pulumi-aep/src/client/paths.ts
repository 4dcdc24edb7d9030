const foundation = "/data/foundation";

/** The paths of Platform's APIs that this provider uses. */
export const paths = {
  stats: `${foundation}/schemaregistry/stats`,
  fieldGroups: `${foundation}/schemaregistry/tenant/fieldgroups`,
  schemas: `${foundation}/schemaregistry/tenant/schemas`,
  descriptors: `${foundation}/schemaregistry/tenant/descriptors`,
  dataSets: `${foundation}/catalog/dataSets`,
  batches: `${foundation}/catalog/batches`,
  /** Deep-merges its body, and accepts extensions. */
  dataSetsMerge: `${foundation}/catalog/v2/dataSets`,
  identityNamespaces: "/data/core/idnamespace/identities",
  mappingSets: `${foundation}/conversion/mappingSets`,
  validateMappings: `${foundation}/conversion/mappingSets/validate`,
  previewMappings: `${foundation}/conversion/mappingSets/preview`,
  connections: `${foundation}/flowservice/connections`,
  sourceConnections: `${foundation}/flowservice/sourceConnections`,
  targetConnections: `${foundation}/flowservice/targetConnections`,
  flows: `${foundation}/flowservice/flows`,
  runs: `${foundation}/flowservice/runs`,
  connectionSpecs: `${foundation}/flowservice/connectionSpecs`,
  sandboxes: `${foundation}/sandbox-management/`,
  permissionNames: `${foundation}/access-control/acl/reference`,
  metrics: "/data/infrastructure/observability/insights/metrics",
  /** Where Query Service's PostgreSQL endpoint is, with an access token as its password. */
  queryConnection: `${foundation}/query/connection_parameters`,
  effectivePolicies: `${foundation}/access-control/acl/effective-policies`,
} as const;

/** The path of one object; ids of the Schema Registry are URLs and must be encoded. */
export function pathOf(collection: string, id: string): string {
  return `${collection}/${encodeURIComponent(id)}`;
}
