import { createRequire } from "node:module";
import path from "node:path";
import { type Child, startChild } from "../app-service/child-process.ts";
import type { StorageService } from "../identity/data-plane-authorization.ts";

const azuriteMain = createRequire(path.join(import.meta.dirname, "start-emulator.ts")).resolve(
  "azurite/dist/src/azurite.js",
);

/** What an Azurite process loads before its own code: see there. */
export const withoutTelemetry = path.join(import.meta.dirname, "azurite-telemetry.ts");

const ownFlags = [
  "--blobPort",
  "0",
  "--queuePort",
  "0",
  "--tablePort",
  "0",
  "--disableTelemetry",
  "--skipApiVersionCheck",
];

export interface EmulatorOptions {
  /** The accounts and their keys, in the form of Azurite's environment variable `AZURITE_ACCOUNTS`. */
  readonly accounts: string;
  /** Flags of Azurite besides the ports. */
  readonly flags: readonly string[];
  /** Modules to load before Azurite. */
  readonly preload: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
  readonly onMessage?: (message: object) => void;
}

/** A process of Azurite, Microsoft's storage emulator. */
export interface Emulator {
  readonly child: Child;
  /** The origin of each service, such as `http://127.0.0.1:10000`. */
  readonly addresses: Readonly<Record<StorageService, string>>;
}

/** Starts Azurite on free ports and waits until all three services listen. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { accounts, flags, preload, environment, onLine, onMessage } = options;
  const started = Promise.withResolvers<Emulator["addresses"]>();
  const lines: string[] = [];
  const listening = new Map<string, string>();
  let isListening = false;
  const child = startChild({
    module: azuriteMain,
    preload,
    arguments: [...ownFlags, ...flags],
    environment: { ...environment, AZURITE_ACCOUNTS: accounts },
    output: {
      onLine: (line) => {
        onLine?.(line);
        if (isListening) return;
        lines.push(line);
        const [, service, address] = line.match(/Azurite (\w+) service is successfully listening at (\S+)/) ?? [];
        if (service !== undefined && address !== undefined) listening.set(service, address);
        const [blob, queue, table] = ["Blob", "Queue", "Table"].map((name) => listening.get(name));
        if (blob === undefined || queue === undefined || table === undefined) return;
        isListening = true;
        started.resolve({ blob, queue, table });
      },
    },
    ...(onMessage && { onMessage }),
  });
  void child.exited.then((end) =>
    started.reject(new Error(`Azurite ended (${end}) before it listened.\n${lines.join("\n")}`)),
  );
  return { child, addresses: await started.promise };
}
