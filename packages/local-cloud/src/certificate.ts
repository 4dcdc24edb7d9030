import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import tls from "node:tls";
import { generate } from "selfsigned";

/** A self-signed certificate for 127.0.0.1 and localhost. */
export interface Certificate {
  /** PEM file for `NODE_EXTRA_CA_CERTS` of every client process. */
  readonly certificateFile: string;
  /** PEM file of the private key. */
  readonly keyFile: string;
  readonly certificate: string;
  readonly key: string;
}

/** Creates a certificate that is valid for a year and writes `certificate.pem` and `key.pem` (owner only) into a folder. */
export async function createCertificate(folder: string): Promise<Certificate> {
  // A unique name: OpenSSL takes the first trusted certificate with a name as the issuer, and one process may trust several.
  const name = `local cloud ${randomBytes(8).toString("hex")}`;
  const made = await generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
        ],
      },
    ],
  });
  await mkdir(folder, { recursive: true });
  const certificateFile = path.join(folder, "certificate.pem");
  const keyFile = path.join(folder, "key.pem");
  await writeFile(certificateFile, made.cert);
  await writeFile(keyFile, made.private, { mode: 0o600 });
  return { certificateFile, keyFile, certificate: made.cert, key: made.private };
}

/** Makes this process trust the certificate too: Node reads `NODE_EXTRA_CA_CERTS` only at its start. */
export function trustInThisProcess({ certificate }: Certificate): void {
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), certificate]);
}
