import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { listenOn } from "../../packages/local-cloud/src/listen.ts";
import { stackKey } from "./secrets.ts";

/** What begins a ciphertext of Vault's transit engine. Here the key follows as it is: Pulumi takes it for encrypted. */
const sealed = "vault:v1:";

/**
 * The settings of a stack whose key is encrypted by HashiCorp's Vault instead of derived from a passphrase, for which each command of Pulumi
 * would need 0.2 s of processor time: https://www.pulumi.com/docs/iac/concepts/secrets/#initializing-a-stack-with-alternative-encryption
 */
export const vaultSettings = {
  secretsprovider: "hashivault://local",
  encryptedkey: Buffer.from(sealed + stackKey.toString("base64")).toString("base64"),
};

/** Starts what answers Pulumi's calls to that vault, until this process ends, and names it in the environment. */
export async function startVault(): Promise<void> {
  const server = createServer((request, response) => void decrypt(request, response));
  const { port } = await listenOn(server);
  server.unref();
  Object.assign(process.env, { VAULT_SERVER_URL: `http://127.0.0.1:${port}`, VAULT_SERVER_TOKEN: "local" });
}

async function decrypt(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url !== "/v1/transit/decrypt/local") return void response.writeHead(404).end();
  const { ciphertext } = (await json(request)) as { ciphertext: string };
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ data: { plaintext: ciphertext.slice(sealed.length) } }));
}
