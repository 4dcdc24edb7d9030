import type { Provider } from "pulumi-provider-kit";
import type { EffectLog } from "./effects/effect-log.ts";
import type { BlobSummary, QueueSummary } from "./storage/storage-contents.ts";
import type { AzureSwitches } from "./switches.ts";

/** Live resources and processes. */
export interface AzureCensus {
  /** Live resources by azure-native's type. */
  readonly resources: Readonly<Record<string, number>>;
  readonly processes: readonly { kind: "azurite" | "function-host"; name: string; pid: number }[];
}

/** The Azure side of the local cloud. */
export interface LocalAzure {
  /** azure-native, to be served to the engine. */
  readonly provider: Provider;
  /** Azure Resource Manager's address, with the admin routes under `/__local/`. */
  readonly armUrl: string;
  /** `IDENTITY_ENDPOINT` and `IDENTITY_HEADER`, with which `DefaultAzureCredential` finds the caller's login. */
  readonly identityEndpoint: string;
  readonly identityHeader: string;
  /** The writes that have taken effect. The answer to one can be held back. */
  readonly effects: EffectLog;
  census(): AzureCensus;
  queues(): Promise<QueueSummary[]>;
  blobs(container: string): Promise<BlobSummary[]>;
  /** Changes how Azure behaves from now on; returns all switches. */
  change(switches: Partial<AzureSwitches>): AzureSwitches;
  /** Kills the function hosts (SIGKILL) like a crash; returns how many. They restart. */
  killFunctionHosts(): Promise<number>;
  /** The log files of the function apps that have run, one JSON object per line. */
  functionLogs(): string[];
  /** Ends every process and deletes the contents of storage accounts. */
  close(): Promise<void>;
}
