export type MessageEncoding = "base64" | "none";

/** The text to store in a queue for a message, by host.json's `messageEncoding`. */
export function encodeMessage(body: string | Uint8Array, encoding: MessageEncoding): string {
  const bytes = typeof body === "string" ? Buffer.from(body) : Buffer.from(body);
  return encoding === "base64" ? bytes.toString("base64") : bytes.toString();
}

/** Decodes a stored text; undefined if it doesn't have the expected encoding. */
export function decodeMessage(stored: string, encoding: MessageEncoding): string | undefined {
  if (encoding === "none") return stored;
  const isBase64 = stored.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(stored);
  return isBase64 ? Buffer.from(stored, "base64").toString() : undefined;
}
