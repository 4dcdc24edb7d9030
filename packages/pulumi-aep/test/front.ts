import type { Made } from "../../../test/conformance/driver.ts";
import { platformSubjects } from "../../../test/subjects/platform.ts";
import { type Inputs, resolveReferences } from "../../../test/subjects/subject.ts";
import { localCredentials } from "../../local-cloud/src/credentials.ts";
import { listen } from "../../local-cloud/src/listen.ts";
import { type PlatformStandIn, startPlatform } from "../../local-cloud/src/platform/platform.ts";
import type { PropertyMap } from "../../pulumi-provider-kit/src/engine/values.ts";
import { Aep } from "./aep.ts";

const { tenantId, ...credential } = localCredentials.platform;

/** A call on its way to Platform. */
export interface PassingCall {
  readonly method: string;
  /** Path and query, decoded. */
  readonly url: string;
  readonly body: string;
  /** Platform's answer. */
  pass(): Promise<Response>;
}

/** Platform's stand-in behind something that answers differently, and a provider that calls it. */
export class Front {
  readonly platform: PlatformStandIn;
  readonly aep: Aep;
  readonly #close: () => Promise<void>;

  private constructor(platform: PlatformStandIn, aep: Aep, close: () => Promise<void>) {
    this.platform = platform;
    this.aep = aep;
    this.#close = close;
  }

  static async open(answer: (call: PassingCall) => Response | Promise<Response>): Promise<Front> {
    let now = Date.parse("2026-01-05T10:00:00.000Z");
    const clock = () => {
      now += 1_500;
      return now;
    };
    const sandboxes = [credential.sandbox];
    const platform = await startPlatform({ credentials: credential, tenantId, sandboxes, clock });
    const { port, close } = await listen(async (request) => {
      const { pathname, search } = new URL(request.url);
      const body = await request.text();
      const { method, headers } = request;
      const pass = async () =>
        platform.fetch(new Request(`${platform.url}${pathname}${search}`, { method, headers, ...(body && { body }) }));
      return answer({ method, url: decodeURIComponent(`${pathname}${search}`), body, pass });
    });
    const aep = await Aep.connect(`http://127.0.0.1:${port}`, { ...credential });
    return new Front(platform, aep, close);
  }

  /** Creates one object of each type. */
  async makeAll(without: readonly string[] = []): Promise<Made[]> {
    const made: Made[] = [];
    for (const { type, name, inputs } of platformSubjects(tenantId)) {
      if (without.includes(name)) continue;
      made.push({ type, name, ...(await this.aep.create(type, resolve(inputs, made))) });
    }
    return made;
  }

  /** Changes one of them in place, if its type can be. */
  async change(one: Made, made: readonly Made[]): Promise<Made> {
    const subject = platformSubjects(tenantId).find(({ name }) => name === one.name);
    if (subject === undefined || subject.replaces) return one;
    const inputs = await this.aep.check(one.type, resolve(subject.change(subject.inputs), made));
    return { ...one, inputs, properties: await this.aep.update(one.type, one.id, one.inputs, inputs, one.properties) };
  }

  async close(): Promise<void> {
    await this.#close();
    await this.platform.close();
  }
}

function resolve(inputs: Inputs, made: readonly Made[]): PropertyMap {
  return resolveReferences(inputs, (reference) => {
    const other = made.find(({ name }) => name === reference.name);
    return reference.property === "id" ? other?.id : other?.properties[reference.property];
  }) as PropertyMap;
}
