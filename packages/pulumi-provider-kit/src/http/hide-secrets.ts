/** A shorter text is a placeholder, such as `x`, and its letters are in most words. */
const shortestSecret = 4;

/** Parts of an address that are shorter are words, such as `collection`. */
const shortestPart = 16;

/** Encodings of a short text may be parts of other words. */
const shortestEncoding = 8;

/**
 * The forms in which secrets may appear in a text: as they are, encoded, and for an address also its long parts. The longest first, since a
 * form may contain another one.
 */
export function secretForms(secrets: Iterable<string>): string[] {
  const texts = [...secrets].flatMap((secret) => [secret, ...addressParts(secret)]);
  const encoded = texts.flatMap(encodingsOf).filter((form) => form.length >= shortestEncoding);
  const forms = [...new Set([...texts, ...encoded])].filter((form) => form.length >= shortestSecret);
  return forms.sort((one, other) => other.length - one.length);
}

/** A text without these forms of secrets, for secrets that stay the same. @param forms see `secretForms` */
export function hideForms(text: string, forms: readonly string[], instead = "[secret]"): string {
  return forms.reduce((rest, form) => rest.replaceAll(form, instead), text);
}

/** A text without secrets, whatever their form. */
export function hideSecrets(text: string, secrets: Iterable<string>, instead?: string): string {
  return hideForms(text, secretForms(secrets), instead);
}

/** An address without its scheme, and its long parts: others may write its host in another case, or quote the path alone. */
function addressParts(secret: string): string[] {
  if (!/^https?:\/\//i.test(secret) || !URL.canParse(secret)) return [];
  const { pathname, searchParams } = new URL(secret);
  const parts = [...pathname.split("/"), ...searchParams.values()];
  return [secret.replace(/^https?:\/\//i, ""), ...parts.filter((part) => part.length >= shortestPart)];
}

function encodingsOf(text: string): string[] {
  const hex = Buffer.from(text).toString("hex");
  return [
    JSON.stringify(text).slice(1, -1),
    encodeURIComponent(text),
    new URLSearchParams([["", text]]).toString().slice(1),
    hex,
    hex.toUpperCase(),
    ...base64Of(text),
  ];
}

/**
 * A text in base64. Within a longer text, such as `id:secret` of a header, it begins at one of three places of a group of digits; this is the
 * part that depends on nothing before and after it.
 */
function base64Of(text: string): string[] {
  const within = [0, 1, 2].map((before) => {
    const digits = Buffer.from(`${" ".repeat(before)}${text}`)
      .toString("base64")
      .replace(/=+$/, "");
    return digits.slice(before === 0 ? 0 : before + 1, -1);
  });
  const all = [Buffer.from(text).toString("base64"), ...within];
  return [...all, ...all.map((digits) => digits.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""))];
}
