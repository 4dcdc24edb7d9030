/** A real PostgreSQL (PGlite) in a separate thread, which keeps the stand-ins' thread free. Started by postgres.ts. */
import { parentPort } from "node:worker_threads";
import { openEmptyDatabase } from "./empty-database.ts";
import type { PostgresAnswer, PostgresCall } from "./postgres.ts";

const database = await openEmptyDatabase();

async function execute(call: PostgresCall): Promise<Uint8Array | undefined> {
  if ("message" in call) return await database.execProtocolRaw(call.message);
  if (call.json === undefined) await database.exec(call.sql);
  else await database.query(call.sql, [call.json]);
  return undefined;
}

async function answer(call: PostgresCall & { readonly id: number }): Promise<void> {
  const given = await execute(call).then(
    (bytes): PostgresAnswer => ({ id: call.id, bytes }),
    (error: unknown): PostgresAnswer => ({ id: call.id, failed: String(error) }),
  );
  parentPort?.postMessage(given);
}

parentPort?.on("message", (call: PostgresCall & { readonly id: number }) => void answer(call));
