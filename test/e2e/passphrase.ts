import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from "node:crypto";

/** How Pulumi encrypts by a passphrase: AES-256-GCM, as `v1:<nonce>:<ciphertext and tag>`. */
const passphrase = "local";

/** The line `encryptionsalt` of `Pulumi.local.yaml`: a salt, and a word that is encrypted with its key. */
export const salt = "v1:XYwMWbbp2Ew=:v1:NNFtZVDmK/9+QTfV:mSVsv0yjhCd/gTKKr+41/QebePPZUA==";

/** Keys by salt. The one for that salt is noted, since a key takes half a second. */
const keys = new Map<string, Buffer>([
  [salt, Buffer.from("7c9ad0d880812995d5a465fe902e74dd043796d3c8b61a3fe0d94589cf7ccc5f", "hex")],
]);

function keyOf(of: string): Buffer {
  const known = keys.get(of);
  if (known) return known;
  const key = deriveKey(of);
  keys.set(of, key);
  return key;
}

function deriveKey(of: string): Buffer {
  return pbkdf2Sync(passphrase, Buffer.from(of.split(":")[1] ?? "", "base64"), 1_000_000, 32, "sha256");
}

export function encrypt(text: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", keyOf(salt), nonce);
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
}

/** @param of the salt of what was encrypted */
export function decrypt(encrypted: string, of: string): string {
  const [nonce = Buffer.alloc(0), sealed = Buffer.alloc(0)] = encrypted
    .split(":")
    .slice(1)
    .map((part) => Buffer.from(part, "base64"));
  const decipher = createDecipheriv("aes-256-gcm", keyOf(of), nonce);
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]).toString("utf8");
}
