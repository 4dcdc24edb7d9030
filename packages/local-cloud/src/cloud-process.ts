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

/** Seconds for which a new dataflow of the stand-in accepts events and drops them; in Platform it is some minutes. */
const activationSeconds = 1;

/** Seconds after which a message comes back that a host was at work on when it was killed; in Azure ten minutes. */
const messageLease = 60;

/** Milliseconds that the stand-ins get to end in order. */
const endPatience = 30_000;

/** What an operator was given beside the stack; an Owner may not touch the data in an account. */
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
    // As Adobe's own Python client has it, so that "nothing is left" can be shown of mapping sets too.
    switches: { deleteMappingSet: "204" },
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
      // The login of this machine must not be used, whatever way it is chosen by.
      ...noAzureLogin,
      ARM_USE_MSI: "true",
      IDENTITY_ENDPOINT: azure.identityEndpoint,
      IDENTITY_HEADER: azure.identityHeader,
      NODE_EXTRA_CA_CERTS: certificate.certificateFile,
      PULUMI_DEBUG_PROVIDERS: `azure-native:${azureNative.port}`,
      // Without metadata, whose file the backend writes in place: a kill in that moment makes the state unreadable.
      PULUMI_BACKEND_URL: `file://${state}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE: "local",
      PULUMI_SKIP_UPDATE_CHECK: "1",
      // azure-native is attached to; without this the engine still tries to download it, for seconds, where it can't.
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    },
    async close() {
      await azureNative.close();
      await Promise.all([azure.close(), customerIo.close(), platform.close()]);
    },
  };
}

/** The variables by which azure-native and the relay's provider choose another login than a managed identity. */
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
  // A host or a connection that won't end holds nothing up: what this process has started ends with it.
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
