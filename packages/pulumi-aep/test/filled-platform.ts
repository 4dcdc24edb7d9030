import { localCredentials } from "../../local-cloud/src/credentials.ts";
import { type PlatformStandIn, startPlatform } from "../../local-cloud/src/platform/platform.ts";
import { type PropertyMap, reveal } from "../../pulumi-provider-kit/src/engine/values.ts";
import { Aep } from "./aep.ts";

const { tenantId, ...credential } = localCredentials.platform;

export interface Made {
  readonly type: string;
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly properties: PropertyMap;
}

/** Platform's stand-in, for a dataset with its dataflow and, if wanted, one row; its clock advances with each reading. */
export class FilledPlatform {
  readonly #standIn: PlatformStandIn;
  readonly #time: { now: number };

  private constructor(standIn: PlatformStandIn, time: { now: number }) {
    this.#standIn = standIn;
    this.#time = time;
  }

  static async start(): Promise<FilledPlatform> {
    const time = { now: Date.parse("2026-01-05T10:00:00.000Z") };
    const clock = () => {
      time.now += 1000;
      return time.now;
    };
    const sandboxes = [credential.sandbox, "other"];
    const switches = { deleteMappingSet: "204" } as const;
    const standIn = await startPlatform({ credentials: credential, tenantId, sandboxes, clock, switches });
    return new FilledPlatform(standIn, time);
  }

  get url(): string {
    return this.#standIn.url;
  }

  set now(milliseconds: number) {
    this.#time.now = milliseconds;
  }

  close(): Promise<void> {
    return this.#standIn.close();
  }

  /** A provider as in a new process, without any memory. */
  provider(): Promise<Aep> {
    return Aep.connect(this.url, { ...credential });
  }

  /** Everything that leads to the dataset, in the order of creation. */
  async makeAll({ withRow }: { withRow: boolean }) {
    const aep = await this.provider();
    const made: Made[] = [];
    const make = async (kind: string, inputs: PropertyMap): Promise<Made> => {
      const resource = { type: `aep:index:${kind}`, ...(await aep.create(`aep:index:${kind}`, inputs)) };
      made.push(resource);
      return resource;
    };
    const { id: owner } = await make("Ownership", { dataset: {} });
    const identityMap = "https://ns.adobe.com/xdm/context/identitymap";
    const schema = await make("Schema", { title: "Events", fieldGroupIds: [identityMap], ownership: owner });
    const set = await make("Dataset", { name: "Events", schemaId: schema.id, ownership: owner });
    const source = await make("SourceConnection", { name: "Events", ownership: owner });
    const target = await make("TargetConnection", {
      name: "Lake",
      datasetId: set.id,
      schemaId: schema.id,
      ownership: owner,
    });
    const attribute = (from: string, to: string) => ({ sourceType: "ATTRIBUTE", source: from, destination: to });
    const mapping = await make("MappingSet", {
      schemaId: schema.id,
      mappings: [attribute("event_id", "_id"), attribute("occurred_at", "timestamp")],
      ownership: owner,
    });
    const flow = await make("Dataflow", {
      name: "Events",
      sourceConnectionId: source.id,
      targetConnectionId: target.id,
      mappingSetId: mapping.id,
      ownership: owner,
    });
    if (withRow) await this.#send(String(reveal(flow.properties.streamingUrl ?? null)));
    return { made, owner: made[0] as Made, set };
  }

  async #send(url: string): Promise<void> {
    this.#time.now += 3_600_000;
    const body = JSON.stringify({ event_id: "E1", occurred_at: "2026-01-05T10:00:00.000Z" });
    const headers = { "content-type": "application/json" };
    expect((await fetch(url, { method: "POST", headers, body })).status).toBe(200);
    await fetch(`${this.url}/__local/idle`, { method: "POST" });
  }

  async census(): Promise<Record<string, number>> {
    const answer = await fetch(`${this.url}/__local/census`);
    const counts = Object.entries((await answer.json()) as Record<string, number>);
    return Object.fromEntries(counts.filter(([, count]) => count > 0));
  }
}
