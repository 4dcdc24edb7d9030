import { createHash, randomUUID } from "node:crypto";
import { HttpRequest, InvocationContext } from "@azure/functions";
import { keyHeader, takeoverHandler } from "../../relay/azure/delivery/takeover.ts";
import type { Tables } from "../../relay/azure/storage/tables.ts";
import type { Account } from "./storage.ts";

/**
 * Copies the notes of delivered events from one account into another by the relay's own function. The relay can't do it here:
 * it opens the former account with an identity, which Azurite's accounts in these tests do not support.
 */
export async function copyNotes({ from, to, now }: { from: Tables; to: Account; now: Date }): Promise<void> {
  const key = randomUUID();
  const former = { address: "https://former.example/", keyDigest: createHash("sha256").update(key).digest("hex") };
  const takeOver = takeoverHandler({
    marks: async () => ({ closed: false, wanted: undefined, held: true, former }),
    storage: { tables: to.tables, tablesAt: () => from },
    windowDays: 7,
    clock: () => now,
  });
  for (const share of "0123456789abcdef") {
    for (let position: unknown, goesOn = true; goesOn; goesOn = position !== undefined) {
      const request = new HttpRequest({
        method: "POST",
        url: "https://relay.example/takeover",
        headers: { [keyHeader]: key },
        body: { bytes: Buffer.from(JSON.stringify({ share, position })) } as never,
      });
      const answer = await takeOver(request, new InvocationContext());
      const { status, jsonBody } = answer as { status: number; jsonBody?: { position?: unknown } };
      if (status !== 200) throw new Error(`The notes were not copied: HTTP ${status} ${JSON.stringify(jsonBody)}`);
      position = jsonBody?.position;
    }
  }
}
