import { ArmError } from "../arm/arm-error.ts";
import type { ResourceRequest } from "../arm/resource-request.ts";
import { plainValueAt, type Subscription, textAt } from "../arm/subscription.ts";
import type { AzureSwitches } from "../switches.ts";
import { hasZones, regionName } from "./regions.ts";

const redundancies = ["LRS", "ZRS", "GRS", "RAGRS", "GZRS", "RAGZRS"];

/** What Azure refuses about a storage account. */
export function refuseAccount(request: ResourceRequest, subscription: Subscription, switches: AzureSwitches): void {
  const { id, name, inputs, existing } = request;
  if (!existing && !subscription.get(id) && subscription.findByName("storage:StorageAccount", name)) {
    const message = `The account ${name} is already in another resource group in this subscription.`;
    throw new ArmError(409, "StorageAccountInAnotherResourceGroup", message);
  }
  if (!existing && switches.namesTaken.includes(name)) {
    throw new ArmError(409, "StorageAccountAlreadyTaken", `The storage account named ${name} is already taken.`);
  }
  if (!existing) refuseOverQuota(textAt(inputs, "location"), subscription, switches);
  const sku = textAt(inputs, "sku.name");
  const known = redundancies.some((redundancy) => sku === `Standard_${redundancy}`) || /^Premium_/.test(sku);
  const location = textAt(inputs, "location");
  if (!known || (isZonal(sku) && !hasZones(location, switches))) {
    throw new ArmError(400, "SkuNotAvailable", `The sku '${sku}' is not available in the location '${location}'.`);
  }
  const period = textAt(inputs, "sasPolicy.sasExpirationPeriod");
  if (period !== "" && !/^\d+\.\d\d:\d\d:\d\d$/.test(period)) throw invalid("sasPolicy.sasExpirationPeriod");
  if (!["", "AAD", "PrivateLink"].includes(textAt(inputs, "allowedCopyScope"))) throw invalid("allowedCopyScope");
  if (existing) refuseChange(inputs, existing.inputs);
}

function refuseOverQuota(location: string, subscription: Subscription, { storageAccountLimit }: AzureSwitches): void {
  const inRegion = subscription
    .list("storage:StorageAccount")
    .filter(({ inputs }) => regionName(textAt(inputs, "location")) === regionName(location));
  if (inRegion.length < storageAccountLimit) return;
  const message = `Subscription already contains ${inRegion.length} storage accounts in location ${location} and the maximum allowed is ${storageAccountLimit}.`;
  throw new ArmError(409, "MaxStorageAccountsCountPerSubscriptionExceeded", message);
}

function refuseChange(news: ResourceRequest["inputs"], olds: ResourceRequest["inputs"]): void {
  const encrypts = (inputs: ResourceRequest["inputs"]) =>
    plainValueAt(inputs, "encryption.requireInfrastructureEncryption") === true;
  const zonal = (inputs: ResourceRequest["inputs"]) => isZonal(textAt(inputs, "sku.name"));
  const [property, isChanged] =
    encrypts(news) !== encrypts(olds)
      ? ["encryption.requireInfrastructureEncryption", true]
      : ["sku.name", zonal(news) !== zonal(olds)];
  if (!isChanged) return;
  const message = `The property '${property}' was specified in the input, but it cannot be updated.`;
  throw new ArmError(409, "PropertyCannotBeUpdated", message);
}

/** An existing account becomes zone-redundant only by a conversion, which a PUT can't request. */
function isZonal(sku: string): boolean {
  return sku.endsWith("ZRS");
}

/** What Azure refuses about an account's blob service. */
export function refuseBlobService({ name, inputs }: ResourceRequest): void {
  if (name !== "default") throw invalid("blobServicesName");
  for (const policy of ["deleteRetentionPolicy", "containerDeleteRetentionPolicy"]) {
    const [enabled, days] = [plainValueAt(inputs, `${policy}.enabled`), plainValueAt(inputs, `${policy}.days`)];
    const fits = Number.isInteger(days) && Number(days) >= 1 && Number(days) <= 365;
    if (enabled === true && !fits) throw invalid(`${policy}.days`);
  }
}

function invalid(property: string): ArmError {
  return new ArmError(
    400,
    "InvalidValuesForRequestParameters",
    `Values for request parameters are invalid: ${property}.`,
  );
}
