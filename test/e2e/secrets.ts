import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from "node:crypto";

/** How Pulumi encrypts the secrets of a stack: AES-256-GCM, as `v1:<nonce>:<ciphertext and tag>`. */
const passphrase = "local";

/** The line `encryptionsalt` of `Pulumi.local.yaml`: a salt, and a word that is encrypted with its key. */
export const passphraseSalt = "v1:XYwMWbbp2Ew=:v1:NNFtZVDmK/9+QTfV:mSVsv0yjhCd/gTKKr+41/QebePPZUA==";

/** The key that Pulumi derives from that passphrase and that salt. It is the key of every stack in tests, wherever it is kept. */
export const stackKey = Buffer.from("7c9ad0d880812995d5a465fe902e74dd043796d3c8b61a3fe0d94589cf7ccc5f", "hex");

/** Keys by salt, since to derive one takes 0.2 s of processor time. */
const keys = new Map<string, Buffer>([[passphraseSalt, stackKey]]);

/** @param salt undefined: the key is in the vault */
function keyOf(salt = passphraseSalt): Buffer {
  const key = keys.get(salt) ?? deriveKey(salt);
  keys.set(salt, key);
  return key;
}

function deriveKey(salt: string): Buffer {
  return pbkdf2Sync(passphrase, Buffer.from(salt.split(":")[1] ?? "", "base64"), 1_000_000, 32, "sha256");
}

export function encrypt(text: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", stackKey, nonce);
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
}

/** @param salt of the key that it was encrypted with; undefined: that key is in the vault */
export function decrypt(encrypted: string, salt: string | undefined): string {
  const [nonce = Buffer.alloc(0), sealed = Buffer.alloc(0)] = encrypted
    .split(":")
    .slice(1)
    .map((part) => Buffer.from(part, "base64"));
  const decipher = createDecipheriv("aes-256-gcm", keyOf(salt), nonce);
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]).toString("utf8");
}
