import { UnknownValueError } from "@pulumi/policy";
import type { CheckedResource } from "./checked-resource.ts";

/** App settings that are secret by their names. The first exception is an address without a credential, the second names an identity. */
const secretNames = /secret|password|token|(signing|account|access|api)_?keys?$|connection_?string/i;
const notSecret = /^APPLICATIONINSIGHTS_(CONNECTION|AUTHENTICATION)_STRING$/;
/** Values that are credentials under any name: account keys, and signatures (SAS) of storage and Service Bus. */
const secretValues = /(AccountKey|SharedAccessKey|SharedAccessSignature)=|[?&]sig=/i;
/** The relay's own secrets, which can't be recognized by name. */
const relaySecrets = ["PLATFORM_STREAMING_URL", "PLATFORM_CLIENT_SECRET", "CUSTOMERIO_SIGNING_KEYS"];

/** Names of app settings that contain a secret instead of a reference to a vault. */
export function findPlainSecrets({ type, props }: Pick<CheckedResource, "type" | "props">): string[] {
  const settings = appSettings({ type, props });
  return Object.keys(settings).filter((name) => {
    const value = knownValue(settings, name);
    if (value === undefined || /^@Microsoft\.KeyVault\(/i.test(value)) return false;
    const isNamedSecret = relaySecrets.includes(name) || (secretNames.test(name) && !notSecret.test(name));
    return isNamedSecret || secretValues.test(value);
  });
}

function appSettings({ type, props }: Pick<CheckedResource, "type" | "props">): Record<string, unknown> {
  if (type === "azure-native:web:WebAppApplicationSettings") return props.properties ?? {};
  if (type === "customerio-aep:index:FunctionCode") return props.settings ?? {};
  return {};
}

/** A preview may not know one setting yet and all the others. */
function knownValue(settings: Record<string, unknown>, name: string): string | undefined {
  try {
    const value = settings[name];
    return typeof value === "string" ? value : undefined;
  } catch (error) {
    if (error instanceof UnknownValueError) return undefined;
    throw error;
  }
}
