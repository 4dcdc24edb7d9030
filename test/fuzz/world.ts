import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import type { AdjustableClock } from "../../packages/local-cloud/src/customer-io/clock.ts";
import { type CustomerIoStandIn, startCustomerIo } from "../../packages/local-cloud/src/customer-io/customer-io.ts";
import { currentRun } from "../../packages/local-cloud/src/platform/flow-service/runs.ts";
import { type PlatformStandIn, startPlatform } from "../../packages/local-cloud/src/platform/platform.ts";
import { references } from "../../packages/local-cloud/src/platform/schema-registry/render.ts";
import { isUnion as isEnabled } from "../../packages/local-cloud/src/platform/schema-registry/rules.ts";
import type { Flow, Sandbox } from "../../packages/local-cloud/src/platform/state/model.ts";
import { listCustomerIo, listPlatform } from "../subjects/listing.ts";

const { tenantId, ...credential } = localCredentials.platform;
const { appApiKey, signingKey } = localCredentials.customerIo;

/** One object at a vendor, and its references. */
export interface WorldObject {
  readonly type: string;
  readonly id: string;
  /** Its content as text. */
  readonly content: string;
}

/** Both vendors: a sandbox of Platform and a workspace of Customer.io, with their objects. */
export class World {
  readonly #platform: PlatformStandIn;
  readonly #customerIo: CustomerIoStandIn;
  readonly #clock: AdjustableClock;

  private constructor(platform: PlatformStandIn, customerIo: CustomerIoStandIn, clock: AdjustableClock) {
    this.#platform = platform;
    this.#customerIo = customerIo;
    this.#clock = clock;
  }

  static async start(clock: AdjustableClock): Promise<World> {
    const platform = await startPlatform({
      credentials: credential,
      tenantId,
      sandboxes: ["prod", credential.sandbox],
      clock: () => clock.now(),
      // The API description does not define DELETE for mapping sets; with it, the test can see that the world is empty.
      switches: { deleteMappingSet: "204" },
    });
    const customerIo = await startCustomerIo({ workspaces: [{ name: "Main", appApiKey, signingKey }], clock });
    return new World(platform, customerIo, clock);
  }

  async close(): Promise<void> {
    await Promise.all([this.#platform.close(), this.#customerIo.close()]);
  }

  get settings() {
    return {
      aep: { ...credential, imsUrl: this.#platform.url, platformUrl: this.#platform.url },
      customerio: { appApiKey, appApiUrl: this.#customerIo.url },
    };
  }

  get #sandbox(): Sandbox {
    const sandbox = this.#platform.state.sandboxes.get(credential.sandbox);
    if (!sandbox) throw new Error(`the stand-in has no sandbox ${credential.sandbox}`);
    return sandbox;
  }

  /** Everything there is, ours and others'. */
  async objects(): Promise<WorldObject[]> {
    // Customer.io's ten calls a second are shared with the provider.
    await this.#clock.advance(1000);
    const listed = [...(await listPlatform(this.#platform)), ...(await listCustomerIo(this.#customerIo))];
    return listed.flatMap(({ type, id, item }) => [
      { type: item.type === "js" ? "js" : type, id, content: JSON.stringify(item) },
      // A property of its schema, which is known by the schema's id.
      ...(isInProfile(id, this.#sandbox) ? [{ type: "aep:index:ProfileEnablement", id, content: "enabled" }] : []),
    ]);
  }

  /** Whether Platform never deletes an object: a schema in Profile, its field groups, its primary identity. */
  lasts({ type, id }: WorldObject): boolean {
    const { resources, descriptors } = this.#sandbox;
    if (type === "aep:index:ProfileEnablement") return true;
    const { "xdm:sourceSchema": schemaId, "xdm:isPrimary": isPrimary } = descriptors.get(id)?.body ?? {};
    return Array.from(resources.values())
      .filter(isEnabled)
      .some(
        (schema) =>
          schema.id === id || references(schema.body).includes(id) || (isPrimary === true && schema.id === schemaId),
      );
  }

  /** Adds a row to a dataset. */
  fill({ id }: WorldObject): void {
    const dataset = this.#sandbox.datasets.get(id);
    if (!dataset) throw new Error(`there is no dataset ${id}`);
    dataset.rows.push({ _id: `row of ${id}` });
    const run = currentRun(this.#sandbox, { id: `of ${id}` } as Flow, id, this.#clock.now());
    run.inputRecords += 1;
    run.outputRecords += 1;
  }

  /** Ids of the datasets that hold rows. */
  findFilled(): string[] {
    return Array.from(this.#sandbox.datasets.values()).flatMap(({ id, rows }) => (rows.length > 0 ? [id] : []));
  }

  /** Deletes an object by hand, as in the vendor's UI. */
  async remove({ type, id }: WorldObject): Promise<void> {
    if (type === "customerio:index:ReportingWebhook") {
      await this.#customerIoCall("DELETE", `/v1/reporting_webhooks/${id}`);
      return;
    }
    const { resources, descriptors, datasets, mappingSets, connections, flows } = this.#sandbox;
    for (const kind of [resources, descriptors, datasets, mappingSets, ...Object.values(connections), flows]) {
      kind.delete(id);
    }
    this.#sandbox.registryRevision += 1;
  }

  /** Changes an object by hand: its description, or whether it is in use. */
  async change({ type, id }: WorldObject): Promise<void> {
    const { datasets, connections, flows } = this.#sandbox;
    if (type === "customerio:index:ReportingWebhook") {
      await this.#customerIoCall("PUT", `/v1/reporting_webhooks/${id}`, { disabled: true });
      return;
    }
    const flow = flows.get(id);
    if (flow?.state === "enabled") flow.state = "disabled";
    const connection = Object.values(connections)
      .map((kind) => kind.get(id))
      .find(Boolean);
    const object = datasets.get(id) ?? connection;
    if (object) object.body = { ...object.body, description: "Changed by hand." };
  }

  async #customerIoCall(method: string, path: string, body?: object): Promise<unknown> {
    // Its ten calls a second are shared with the provider.
    await this.#clock.advance(1000);
    const answer = await fetch(this.#customerIo.url + path, {
      method,
      headers: { authorization: `Bearer ${appApiKey}` },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}`);
    const text = await answer.text();
    return text === "" ? undefined : JSON.parse(text);
  }
}

function isInProfile(id: string, { resources }: Sandbox): boolean {
  const resource = resources.get(id);
  return resource !== undefined && isEnabled(resource);
}
