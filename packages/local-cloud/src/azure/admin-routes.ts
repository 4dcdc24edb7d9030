import { Hono } from "hono";
import type { HeldEffect } from "./effects/effect-log.ts";
import type { LocalAzure } from "./local-azure.ts";
import { type AzureSwitches, defaultAzureSwitches } from "./switches.ts";

/** Inspection and test controls that Azure's APIs lack, under `/__local/` of the ARM address. They need no credential. */
export function azureAdminRoutes(azure: Omit<LocalAzure, "armUrl">): Hono {
  return new Hono()
    .get("/census", (context) => context.json(azure.census()))
    .get("/queues", async (context) => context.json(await azure.queues()))
    .get("/blobs", async (context) => context.json(await azure.blobs(context.req.query("container") ?? "")))
    .get("/effects", (context) => context.json(azure.effects.state))
    .post("/effects", async (context) => {
      const { hold } = (await context.req.json()) as { hold?: HeldEffect };
      azure.effects.hold(hold);
      return context.json(azure.effects.state);
    })
    .post("/switches", async (context) => {
      const changes = (await context.req.json()) as Partial<AzureSwitches>;
      const unknown = Object.keys(changes).filter((name) => !(name in defaultAzureSwitches));
      if (unknown.length > 0) return context.json({ error: `Unknown switch: ${unknown.join(", ")}.` }, 400);
      return context.json(azure.change(changes));
    })
    .post("/function-hosts/kill", async (context) => context.json({ killed: await azure.killFunctionHosts() }));
}
