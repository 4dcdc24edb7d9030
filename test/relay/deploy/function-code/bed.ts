import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Answer } from "../../../../packages/pulumi-customerio/test/recording-server.ts";
import { Archive } from "../../../../packages/pulumi-provider-kit/src/engine/values.ts";
import { zipFolder } from "../../../../relay/deploy/package-folder.ts";
import { functionCode } from "../../../../relay/deploy/resources/function-code.ts";
import { type AzureServer, operationOn, type Script, siteId, type TestOperation, useAzure } from "../azure-server.ts";

/** Calls to the function app and to Azure, as keys of a script. */
export const calls = {
  publish: "POST /api/publish",
  status: "GET /api/deployments/d1",
  latest: "GET /api/deployments/latest",
  log: "GET /api/deployments/d1/log",
  sync: `POST ${siteId}/syncfunctiontriggers`,
  functions: `GET ${siteId}/functions`,
  health: "GET /health",
  references: `GET ${siteId}/config/configreferences/appsettings`,
} as const;

/** The same with their queries, as the server records them. */
export const urls = {
  sync: `${calls.sync}?api-version=2024-04-01`,
  functions: `${calls.functions}?api-version=2024-04-01`,
  references: `${calls.references}?api-version=2024-04-01`,
} as const;

/** A deployment that succeeds. */
export const succeeds: Script = {
  [calls.publish]: [{ status: 202, body: '"d1"' }],
  [calls.status]: [{ body: { id: "d1", status: 4, status_text: "", complete: true } }],
  [calls.sync]: [{ status: 204 }],
  [calls.functions]: [{ body: { value: [{ name: "intake" }, { name: "forwarder" }] } }],
  [calls.health]: [{ body: "ok" }],
  [calls.references]: [{ body: { value: [] } }],
};

/** An answer that asks for no wait, since the HTTP client first retries these by itself. */
export const at = (code: number, body?: unknown): Answer => ({ status: code, headers: { "Retry-After": "0" }, body });

type Inputs = ReturnType<typeof functionCode.inputs.parse>;

/** A package and a function app for each test of a file. */
export interface FunctionCodeBed {
  readonly azure: AzureServer;
  readonly operation: TestOperation;
  /** The package. */
  readonly folder: string;
  /** SHA-256 of its zip. */
  readonly hash: string;
  readonly deployer: string;
  readonly publishUrl: string;
  inputs(): Inputs;
  create(): ReturnType<typeof functionCode.create>;
  /** @param packageHash of the package that runs already */
  update(packageHash: string): ReturnType<NonNullable<typeof functionCode.update>> | undefined;
}

/** Gives each test of a file an app whose deployments succeed, unless it changes the script. */
export function useFunctionCode(): FunctionCodeBed {
  const folder = mkdtempSync(path.join(tmpdir(), "function-code-"));
  for (const name of ["host.json", "package.json", "index.cjs"]) writeFileSync(path.join(folder, name), "{}");
  const { hash } = zipFolder(folder);
  const deployer = `customerio-aep-${hash.slice(0, 16)}`;
  let azure: AzureServer;
  let operation: TestOperation;
  useAzure((server) => {
    azure = server;
    azure.script = { ...succeeds };
    operation = operationOn(azure);
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const inputs = () => {
    const hosts = { scmHostName: azure.host, hostName: azure.host };
    return functionCode.inputs.parse({ siteId, ...hosts, package: new Archive(folder, "engine-hash") });
  };
  return {
    get azure() {
      return azure;
    },
    get operation() {
      return operation;
    },
    folder,
    hash,
    deployer,
    inputs,
    publishUrl: `POST /api/publish?RemoteBuild=false&Deployer=${deployer}&isAsync=true`,
    create: () => functionCode.create(operation, inputs()),
    update: (packageHash) => {
      const outputs = { packageHash, deploymentId: "d0" };
      return functionCode.update?.(operation, siteId, { news: inputs(), olds: inputs(), outputs });
    },
  };
}
