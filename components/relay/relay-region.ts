import type { ResourceGroup } from "@pulumi/azure-native/resources/resourceGroup.js";
import * as pulumi from "@pulumi/pulumi";
import { normalizeRegion } from "../../relay/deploy/region-name.ts";

/**
 * Warns that a changed `azure-native:location` does not move a relay: azure-native keeps the location of existing resources without a
 * message, since Azure can't move them in place.
 */
export function warnOfOtherRegion(group: ResourceGroup): void {
  const wanted = new pulumi.Config("azure-native").get("location");
  if (wanted === undefined) return;
  pulumi.all([group.location, group.urn]).apply(([location, urn]) => {
    if (normalizeRegion(location) === normalizeRegion(wanted)) return;
    void pulumi.log.warn(
      `The relay stays in ${location}, although azure-native:location is ${wanted}. To move it, losing no event, run: ` +
        `npx pulumi up --replace '${urn}' (docs/tasks/replace.md). ` +
        `To leave it where it is, run: npx pulumi config set azure-native:location ${normalizeRegion(location)}`,
      group,
    );
  });
}
