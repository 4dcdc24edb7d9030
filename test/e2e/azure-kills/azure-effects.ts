import { setTimeout as wait } from "node:timers/promises";
import type { HeldEffect } from "../../../packages/local-cloud/src/azure/effects/effect-log.ts";
import type { LocalStack } from "../local-stack.ts";

/** An effect of an operation in Azure that can be recognized in another run. */
export interface Effect extends HeldEffect {
  /** With `*` for parts that are random in each attempt. */
  readonly name: string;
}

/** Counts of resources by type. */
export type Census = Record<string, number>;

const minutes = 60_000;

/** Digits at the end of a name, and GUIDs. */
const random = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{8}(?=\/|$)/g;

/** Records the effects of a stack's commands in the local Azure, and kills commands at them. */
export class AzureEffects {
  readonly #stack: Pick<LocalStack, "cloud" | "pulumi">;

  constructor(stack: Pick<LocalStack, "cloud" | "pulumi">) {
    this.#stack = stack;
  }

  /** The effects of a complete command. */
  async of(command: () => Promise<unknown>): Promise<Effect[]> {
    await this.#hold();
    await command();
    const times = new Map<string, number>();
    return (await this.#log()).effects.map((effect) => {
      const fixed = effect.split(random).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
      const pattern = `^${fixed.join(`(?:${random.source})`)}$`;
      const time = (times.get(pattern) ?? 0) + 1;
      times.set(pattern, time);
      const name = effect.replace(/\/subscriptions\/[^/]+/, "").replaceAll(random, "*");
      return { name: time > 1 ? `${name} (${time})` : name, pattern, time };
    });
  }

  /** Kills a command and its child processes after the effect, before the state records it. */
  async killAt(effect: Effect, command: () => Promise<unknown>): Promise<void> {
    const { pulumi } = this.#stack;
    const { pattern, time } = effect;
    await this.#hold({ pattern, time });
    let end: string | undefined;
    command().then(
      () => {
        end = "it ended";
      },
      (error: Error) => {
        end = error.message;
      },
    );
    const until = Date.now() + 2 * minutes;
    while ((await this.#log()).held === undefined) {
      if (end !== undefined) throw new Error(`The command did not come to the effect ${effect.name}: ${end}`);
      if (Date.now() > until) throw new Error(`The command does not come to the effect ${effect.name}`);
      // At the effect, the command waits for the kill.
      await wait(150);
    }
    await pulumi.kill();
    await this.#hold();
    await pulumi.run("cancel", "local", "--yes");
  }

  async census(): Promise<Census> {
    return (await this.#azure<{ resources: Census }>("census")).resources;
  }

  /** The numbers of resources with a fixed name, or with a name from their parent. */
  async countFixed(): Promise<Census> {
    const kinds = /:(Queue|BlobContainer|ManagementPolicy|Secret|RoleAssignment|Workbook|WebApp\w*)$/;
    return Object.fromEntries(Object.entries(await this.census()).filter(([type]) => kinds.test(type)));
  }

  #log(): Promise<{ effects: string[]; held?: string }> {
    return this.#azure("effects");
  }

  #hold(hold?: HeldEffect): Promise<unknown> {
    const headers = { "content-type": "application/json" };
    return this.#azure("effects", { method: "POST", headers, body: JSON.stringify({ hold }) });
  }

  async #azure<T>(what: string, init?: RequestInit): Promise<T> {
    const answer = await fetch(`${this.#stack.cloud.environment.AZURE_RESOURCE_MANAGER_URL}/__local/${what}`, init);
    return (await answer.json()) as T;
  }
}
