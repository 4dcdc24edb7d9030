import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import type { Certificate } from "../../certificate.ts";
import { type Child, startChild } from "../host/child-process.ts";
import type { StorageService } from "../identity/data-plane-authorization.ts";
import type { AccessRules } from "./azurite-guard.ts";

const azuriteMain = createRequire(path.join(import.meta.dirname, "azurite.ts")).resolve("azurite/dist/src/azurite.js");

/** What an Azurite process loads before its own code: see there. */
export const withoutTelemetry = path.join(import.meta.dirname, "azurite-telemetry.ts");

/** What the guard needs besides the ports: see `AccessRules`. */
export type AccountAccess = Omit<AccessRules, "version" | "ports">;

/** One Azurite process: Microsoft's storage emulator, used as one storage account over HTTPS, stored on disk. */
export class Azurite {
  /** The account's two keys, base64. */
  readonly keys: readonly [string, string];
  readonly ports: Readonly<Record<StorageService, number>>;
  readonly #account: string;
  readonly #child: Child;
  readonly #folder: string;
  readonly #acknowledged: Map<number, () => void>;
  #version = 0;

  private constructor(parts: {
    account: string;
    keys: readonly [string, string];
    ports: Readonly<Record<StorageService, number>>;
    child: Child;
    folder: string;
    acknowledged: Map<number, () => void>;
  }) {
    this.keys = parts.keys;
    this.ports = parts.ports;
    this.#account = parts.account;
    this.#child = parts.child;
    this.#folder = parts.folder;
    this.#acknowledged = parts.acknowledged;
  }

  /** Starts the process on free ports and waits until all three services listen. */
  static async start(options: {
    account: string;
    folder: string;
    certificate: Certificate;
    access: AccountAccess;
  }): Promise<Azurite> {
    const { account, folder, certificate } = options;
    await mkdir(folder, { recursive: true });
    const keys = [randomBytes(64).toString("base64"), randomBytes(64).toString("base64")] as const;
    const acknowledged = new Map<number, () => void>();
    const lines: string[] = [];
    const listening = new Map<string, number>();
    let heard: (line: string) => void = () => undefined;
    const child = startChild({
      module: azuriteMain,
      preload: [withoutTelemetry, path.join(import.meta.dirname, "azurite-guard.ts")],
      arguments: [
        "--blobPort",
        "0",
        "--queuePort",
        "0",
        "--tablePort",
        "0",
        "--cert",
        certificate.certificateFile,
        "--key",
        certificate.keyFile,
        "--oauth",
        "basic",
        // On disk: in memory, Azurite stalls for a minute or more after some thousands of messages.
        "--location",
        folder,
        "--silent",
        "--disableTelemetry",
        "--skipApiVersionCheck",
      ],
      environment: { AZURITE_ACCOUNTS: `${account}:${keys.join(":")}` },
      output: { onLine: (line) => heard(line) },
      onMessage: (message) => {
        if ("applied" in message) acknowledged.get(Number(message.applied))?.();
      },
    });
    const ports = await new Promise<Record<StorageService, number>>((resolve, reject) => {
      heard = (line) => {
        lines.push(line);
        const [, service, port] = line.match(/Azurite (\w+) service is successfully listening at \S+:(\d+)/) ?? [];
        if (service === undefined) return;
        listening.set(service, Number(port));
        const [blob, queue, table] = ["Blob", "Queue", "Table"].map((name) => listening.get(name));
        if (blob !== undefined && queue !== undefined && table !== undefined) resolve({ blob, queue, table });
      };
      void child.exited.then((end) =>
        reject(new Error(`Azurite ended (${end}) before it listened.\n${lines.join("\n")}`)),
      );
    });
    const azurite = new Azurite({ account, keys, ports, child, folder, acknowledged });
    await azurite.allow(options.access);
    return azurite;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** The endpoint that ARM shows for a service, with its trailing slash. */
  endpoint(service: StorageService): string {
    return `https://127.0.0.1:${this.ports[service]}/${this.#account}/`;
  }

  /** Changes the permissions, and waits until they apply. */
  async allow(access: AccountAccess): Promise<void> {
    this.#version += 1;
    const version = this.#version;
    const applied = new Promise<void>((resolve) => this.#acknowledged.set(version, resolve));
    this.#child.send({ ...access, version, ports: this.ports } satisfies AccessRules);
    await Promise.race([applied, this.#child.exited]);
    this.#acknowledged.delete(version);
  }

  /** Kills the process and deletes its data; there is nothing to save. */
  async stop(): Promise<void> {
    await this.#child.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
