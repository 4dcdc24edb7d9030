import { randomBytes } from "node:crypto";

/** A secret to look for. */
export interface Canary {
  /** Its name in reports, never the secret itself. */
  readonly name: string;
  readonly secret: string;
}

export function freshSecret(prefix = ""): string {
  return prefix + randomBytes(24).toString("hex");
}

/** The forms of a secret: plain, URL-encoded, in hexadecimal, and in base64 alone or inside a longer text. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString("hex");
  // In a longer text a secret begins at one of three positions of a base64 group; only the part that is the same in all texts counts.
  const inside = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    return encoded.slice(offset === 0 ? 0 : offset + 1, encoded.length - 1);
  });
  const base64 = [...inside, ...inside.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"))];
  return [
    ...new Set([
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      hex,
      hex.toUpperCase(),
      ...base64,
    ]),
  ];
}

/** Looks for canaries in texts and bytes. */
export class Search {
  readonly #needles: readonly { name: string; needle: Buffer }[];

  constructor(canaries: readonly Canary[]) {
    this.#needles = canaries.flatMap(({ name, secret }) =>
      formsOf(secret).map((form) => ({ name, needle: Buffer.from(form) })),
    );
  }

  /** The names of the canaries in it, in any form. */
  in(haystack: string | Buffer): string[] {
    const bytes = typeof haystack === "string" ? Buffer.from(haystack) : haystack;
    return [...new Set(this.#needles.filter(({ needle }) => bytes.includes(needle)).map(({ name }) => name))];
  }
}
