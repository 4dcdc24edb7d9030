/**
 * The local cloud: stand-ins for Adobe Experience Platform, Customer.io and Azure in one process, beside the child
 * processes that Azure's stand-in starts (Azurite, function hosts). Started by cloud.ts.
 */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { serve } from "pulumi-provider-kit/server";
import { startAzure } from "./azure/azure.ts";
import { createCertificate, trustInThisProcess } from "./certificate.ts";
import type { CloudEnvironment, CloudMessage } from "./cloud.ts";
import { localCredentials } from "./credentials.ts";
import { startCustomerIo } from "./customer-io/customer-io.ts";
import { startPlatform } from "./platform/platform.ts";

/** Seconds for which a new dataflow accepts events and drops them; in Platform it is some minutes. */
const activationSeconds = 1;

/** Seconds until a change of a schema reaches streaming ingestion; in Platform up to fifteen minutes. */
const schemaCacheSeconds = 5;

/** Seconds after which a message of a killed host becomes visible again; in Azure ten minutes. */
const messageLease = 60;

/** Milliseconds for the stand-ins to shut down. */
const endPatience = 30_000;

/** The operator's additional roles: an Owner has no access to the data in an account. */
const operatorRoles = [
  "Storage Blob Data Contributor",
  "Storage Queue Data Contributor",
  "Storage Table Data Contributor",
];

interface Running {
  readonly environment: CloudEnvironment;
  close(): Promise<void>;
}

async function start(folder: string): Promise<Running> {
  const state = path.join(folder, "state");
  await mkdir(state, { recursive: true });
  const certificate = await createCertificate(folder);
  trustInThisProcess(certificate);
  const { platform: platformCredentials, customerIo: customerIoCredentials, second } = localCredentials;
  const platform = await startPlatform({
    credentials: platformCredentials,
    tenantId: platformCredentials.tenantId,
    sandboxes: [platformCredentials.sandbox, second.sandbox],
    activationSeconds,
    certificate,
    // As in Adobe's Python client, so that the demo can show that no mapping sets are left either.
    switches: { deleteMappingSet: "204", schemaCacheSeconds },
  });
  const customerIo = await startCustomerIo({
    workspaces: [
      { name: "Local", ...customerIoCredentials },
      { name: "Second", appApiKey: second.appApiKey, signingKey: second.signingKey },
    ],
  });
  const azure = await startAzure({
    folder: path.join(folder, "azure"),
    certificate,
    callerRoles: operatorRoles,
    switches: { messageLease },
  });
  const azureNative = await serve(azure.provider);
  return {
    environment: {
      AEP_PLATFORM_URL: platform.url,
      AEP_IMS_URL: platform.url,
      CUSTOMERIO_APP_API_URL: customerIo.url,
      AZURE_RESOURCE_MANAGER_URL: azure.armUrl,
      // Never use this machine's own login, however it is configured.
      ...noAzureLogin,
      ARM_USE_MSI: "true",
      IDENTITY_ENDPOINT: azure.identityEndpoint,
      IDENTITY_HEADER: azure.identityHeader,
      NODE_EXTRA_CA_CERTS: certificate.certificateFile,
      PULUMI_DEBUG_PROVIDERS: `azure-native:${azureNative.port}`,
      // Without metadata: the backend writes its file in place, and a kill at that moment makes the state unreadable.
      PULUMI_BACKEND_URL: `file://${state}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE: "local",
      PULUMI_SKIP_UPDATE_CHECK: "1",
      // azure-native is attached. Without this setting, the engine still tries for seconds to download it.
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    },
    async close() {
      await azureNative.close();
      await Promise.all([azure.close(), customerIo.close(), platform.close()]);
    },
  };
}

/** The variables that make azure-native and the relay's provider choose another login than a managed identity. */
const noAzureLogin = {
  ARM_USE_DEFAULT_AZURE_CREDENTIAL: "",
  ARM_CLIENT_CERTIFICATE_PATH: "",
  ARM_CLIENT_SECRET: "",
  ARM_CLIENT_ID: "",
  ARM_USE_OIDC: "",
};

const folder = process.argv[2];
if (!folder) throw new Error("usage: node packages/local-cloud/src/cloud-process.ts <folder>");

let released = false;
let running: Running | undefined;
const end = async () => {
  // Don't wait for a host or a connection that won't end: everything that this process started ends with it.
  setTimeout(() => process.exit(1), endPatience).unref();
  await running?.close();
  process.exit(0);
};
process.on("SIGTERM", () => void end());
process.on("message", (message) => {
  if (message === "release") released = true;
});
process.on("disconnect", () => {
  if (!released) void end();
});

const tell = (message: CloudMessage) => process.send?.(message);
try {
  running = await start(folder);
  tell({ environment: running.environment });
} catch (error) {
  console.error(error);
  tell({ failed: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
  process.disconnect?.();
}
