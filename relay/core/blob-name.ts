import { createHash } from "node:crypto";

/**
 * The name of the blob that holds one event: `yyyy/mm/dd/<event id>-<hash of the body, or its digest>.json`, by the UTC day on which it was
 * received. The same receipt always has the same name, so repeated work after a crash overwrites its own blob.
 *
 * @param id the event's id; left out if it is not valid in a blob name
 * @param receivedAt ISO 8601
 * @param digest the event's `digestBody`, if it has one: two events may have the same body once their personal data are taken out
 */
export function blobName({
  id,
  receivedAt,
  body,
  digest,
}: {
  id?: string;
  receivedAt: string;
  body: string | Uint8Array;
  digest?: string | undefined;
}): string {
  const hash = digest ?? createHash("sha256").update(body).digest("hex").slice(0, 32);
  const fit = id !== undefined && /^[A-Za-z0-9_-]{1,64}$/.test(id);
  return `${blobFolder(receivedAt)}/${fit ? `${id}-` : ""}${hash}.json`;
}

/** The folder of the events received on the same UTC day: `yyyy/mm/dd`. @param receivedAt ISO 8601 */
export function blobFolder(receivedAt: string): string {
  return receivedAt.slice(0, "2026-11-20".length).replaceAll("-", "/");
}
