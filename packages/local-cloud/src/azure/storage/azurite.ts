import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import type { Certificate } from "../../certificate.ts";
import type { Child } from "../app-service/child-process.ts";
import type { StorageService } from "../identity/data-plane-authorization.ts";
import type { AccessRules } from "./azurite-guard.ts";
import { startEmulator, withoutTelemetry } from "./start-emulator.ts";

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
    const { child, addresses } = await startEmulator({
      accounts: `${account}:${keys.join(":")}`,
      preload: [withoutTelemetry, path.join(import.meta.dirname, "azurite-guard.ts")],
      flags: [
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
      ],
      onMessage: (message) => {
        if ("applied" in message) acknowledged.get(Number(message.applied))?.();
      },
    });
    const portOf = (service: StorageService) => Number(new URL(addresses[service]).port);
    const ports = { blob: portOf("blob"), queue: portOf("queue"), table: portOf("table") };
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
