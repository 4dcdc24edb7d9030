import path from "node:path";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";
import type { Certificate } from "../../certificate.ts";
import { localCredentials } from "../../credentials.ts";
import { ArmError } from "../arm/arm-error.ts";
import type { Resource, Subscription } from "../arm/subscription.ts";
import { plainValueAt } from "../arm/subscription.ts";
import { issueToken } from "../identity/access-token.ts";
import type { StorageService } from "../identity/data-plane-authorization.ts";
import { insidersOf, refusesInternet } from "../network/private-access.ts";
import type { AzureSwitches } from "../switches.ts";
import { type AccountAccess, Azurite } from "./azurite.ts";

/** The stand-in's own principal for data plane calls, like those of Azure's services behind ARM. */
const serviceObjectId = "00000000-0000-0000-0000-0000000000a0";

export interface StorageAccountsOptions {
  readonly subscription: Subscription;
  readonly folder: string;
  readonly certificate: Certificate;
  readonly tokenSecret: string;
  readonly switches: AzureSwitches;
}

/** The data plane of the storage accounts: one Azurite process each. */
export class StorageAccounts {
  readonly #options: StorageAccountsOptions;
  readonly #running = new Map<string, Azurite>();

  constructor(options: StorageAccountsOptions) {
    this.#options = options;
  }

  /** Starts the emulator of a new account. */
  async create(id: string, name: string, inputs: Resource["inputs"]): Promise<Azurite> {
    const azurite = await Azurite.start({
      account: name,
      folder: path.join(this.#options.folder, name),
      certificate: this.#options.certificate,
      access: this.#access(id, inputs),
    });
    this.#running.set(id.toLowerCase(), azurite);
    return azurite;
  }

  /** Stops the emulator of an account and deletes its data. */
  async delete(id: string): Promise<void> {
    const azurite = this.#running.get(id.toLowerCase());
    this.#running.delete(id.toLowerCase());
    await azurite?.stop();
  }

  /** Sends the permissions to every account, after role assignments or an account's settings changed. */
  async refreshAccess(): Promise<void> {
    await Promise.all(
      [...this.#running].map(([id, azurite]) =>
        azurite.allow(this.#access(id, this.#options.subscription.get(id)?.inputs ?? {})),
      ),
    );
  }

  get(id: string): Azurite {
    const azurite = this.#running.get(id.toLowerCase());
    if (azurite) return azurite;
    const name = id.split("/").at(-1);
    throw new ArmError(404, "ResourceNotFound", `The storage account '${name}' was not found.`);
  }

  /** The account whose blob endpoint contains a URL. */
  findByBlobUrl(url: string): { id: string; azurite: Azurite } | undefined {
    const found = [...this.#running].find(([, azurite]) => url.startsWith(azurite.endpoint("blob")));
    return found && { id: found[0], azurite: found[1] };
  }

  /** Name → endpoints, instead of the public cloud's DNS, for hosts that know only an account's name. */
  endpointsByName(): Record<string, { blob: string; queue: string; table: string }> {
    return Object.fromEntries(
      [...this.#running].map(([id, azurite]) => [
        id.split("/").at(-1) ?? "",
        { blob: azurite.endpoint("blob"), queue: azurite.endpoint("queue"), table: azurite.endpoint("table") },
      ]),
    );
  }

  queues(id: string): QueueServiceClient {
    return new QueueServiceClient(this.get(id).endpoint("queue"), this.credential());
  }

  blobs(id: string): BlobServiceClient {
    return new BlobServiceClient(this.get(id).endpoint("blob"), this.credential());
  }

  /** A credential for a principal of the subscription; default: the stand-in itself. */
  credential(principal = { objectId: serviceObjectId, clientId: serviceObjectId }) {
    const { tokenSecret, subscription } = this.#options;
    return {
      getToken: async () => {
        const request = { ...principal, audience: "https://storage.azure.com", tenantId: subscription.tenantId };
        const { token, expiresOn } = issueToken(tokenSecret, request);
        return { token, expiresOnTimestamp: expiresOn * 1000 };
      },
    };
  }

  processes(): { name: string; pid: number }[] {
    return [...this.#running].map(([id, { pid }]) => ({ name: id.split("/").at(-1) ?? "", pid }));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((id) => this.delete(id)));
  }

  #access(id: string, inputs: Resource["inputs"]): AccountAccess {
    const { subscription, tokenSecret, switches } = this.#options;
    return {
      tokenSecret,
      serviceObjectId,
      accountId: id,
      // Azure allows keys unless the account forbids them.
      allowSharedKeyAccess: plainValueAt(inputs, "allowSharedKeyAccess") !== false,
      grants: subscription.grants,
      messageUpdateNeeds: switches.messageUpdateNeeds,
      ...(refusesInternet(inputs) && { insiders: this.#insiders(id) }),
    };
  }

  /** The token shows the origin of a call: apart from that, all calls from this machine look alike. */
  #insiders(id: string) {
    const { subscription, switches } = this.#options;
    const operator = switches.operatorNetwork === "inside" ? [localCredentials.azure.objectId] : [];
    const of = (service: StorageService) => [...insidersOf(id, service, subscription), ...operator];
    return { blob: of("blob"), queue: of("queue"), table: of("table") };
  }
}
