import type { HostKeys } from "../function-host/http-triggers.ts";

export interface HostEnvironmentParts {
  /** App settings, with Key Vault references resolved. */
  readonly settings: Readonly<Record<string, string>>;
  readonly siteName: string;
  readonly hostName: string;
  readonly instanceId: string;
  readonly keys: HostKeys;
  readonly certificateFile: string;
  readonly storageEndpoints: object;
  /** Seconds for which a host holds a queue message. */
  readonly messageLease: number;
  /** Undefined for an app without any identity. */
  readonly identity: { url: string; header: string } | undefined;
}

/** The environment of a function host: the app's settings, App Service's additions, and `LOCAL_…` for the local cloud's own values. */
export function hostEnvironment(parts: HostEnvironmentParts): Record<string, string> {
  return {
    ...parts.settings,
    NODE_EXTRA_CA_CERTS: parts.certificateFile,
    PORT: "0",
    WEBSITE_SITE_NAME: parts.siteName,
    WEBSITE_HOSTNAME: parts.hostName,
    WEBSITE_INSTANCE_ID: parts.instanceId,
    WEBSITE_SKU: "FlexConsumption",
    FUNCTIONS_EXTENSION_VERSION: "~4",
    FUNCTIONS_WORKER_RUNTIME: "node",
    AZURE_FUNCTIONS_ENVIRONMENT: "Production",
    LOCAL_STORAGE_ENDPOINTS: JSON.stringify(parts.storageEndpoints),
    LOCAL_MESSAGE_LEASE: String(parts.messageLease),
    LOCAL_HOST_KEYS: JSON.stringify(parts.keys),
    ...(parts.identity && { IDENTITY_ENDPOINT: parts.identity.url, IDENTITY_HEADER: parts.identity.header }),
  };
}
