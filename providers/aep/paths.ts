const foundation = "/data/foundation";

/** The collections of Platform's APIs that this provider works with. */
export const paths = {
  stats: `${foundation}/schemaregistry/stats`,
  fieldGroups: `${foundation}/schemaregistry/tenant/fieldgroups`,
  schemas: `${foundation}/schemaregistry/tenant/schemas`,
  descriptors: `${foundation}/schemaregistry/tenant/descriptors`,
  dataSets: `${foundation}/catalog/dataSets`,
  /** Deep-merges what it is given, and takes extensions. */
  dataSetsMerge: `${foundation}/catalog/v2/dataSets`,
  identityNamespaces: "/data/core/idnamespace/identities",
  mappingSets: `${foundation}/conversion/mappingSets`,
  validateMappings: `${foundation}/conversion/mappingSets/validate`,
  previewMappings: `${foundation}/conversion/mappingSets/preview`,
  sourceConnections: `${foundation}/flowservice/sourceConnections`,
  targetConnections: `${foundation}/flowservice/targetConnections`,
  flows: `${foundation}/flowservice/flows`,
} as const;

/** The path of one object; ids of the Schema Registry are URLs and must be encoded. */
export function pathOf(collection: string, id: string): string {
  return `${collection}/${encodeURIComponent(id)}`;
}
