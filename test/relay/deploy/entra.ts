import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import tls from "node:tls";
import { createCertificate, trustInThisProcess } from "../../../packages/local-cloud/src/certificate.ts";
import { type RecordingServer, recordingServer } from "../../../packages/pulumi-customerio/test/recording-server.ts";

export const principal = {
  tenantId: "11111111-1111-4111-8111-111111111111",
  clientId: "application",
  secret: "s3cret",
};

/** Microsoft Entra ID's token endpoint as the client credentials flow uses it, and GitHub's endpoint for tokens of a job. */
export interface Entra extends RecordingServer {
  readonly url: string;
  /** The client assertion that the endpoint accepts. */
  assertion: string;
  /** The forms that asked for a token. */
  forms(): URLSearchParams[];
}

/** Starts both. Refuses, as Entra does, an unknown application, a wrong secret and an assertion that it does not know. */
export async function startEntra(): Promise<Entra> {
  const folder = mkdtempSync(path.join(tmpdir(), "entra-"));
  const certificate = await createCertificate(folder);
  rmSync(folder, { recursive: true });
  const trusted = tls.getCACertificates("default");
  trustInThisProcess(certificate);
  const json = (status: number, body: object) => ({ status, headers: { "content-type": "application/json" }, body });
  const server = await recordingServer(
    ({ url, headers, bytes }) => {
      const base = `https://${headers.host}/${principal.tenantId}`;
      if (url.includes("/openid-configuration")) {
        return json(200, {
          issuer: `${base}/v2.0`,
          authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
          token_endpoint: `${base}/oauth2/v2.0/token`,
          jwks_uri: `${base}/keys`,
        });
      }
      if (url.startsWith("/github")) {
        const { searchParams } = new URL(url, base);
        if (headers.authorization !== "Bearer job" || searchParams.get("audience") !== "api://AzureADTokenExchange") {
          return json(401, { message: "secret words" });
        }
        return json(200, { value: "of-github", count: 1 });
      }
      const form = new URLSearchParams(bytes.toString());
      const refuseWith = (code: number, text: string) =>
        json(401, { error: "invalid_client", error_description: `AADSTS${code}: ${text}`, error_codes: [code] });
      if (form.get("client_id") !== principal.clientId) return refuseWith(700016, "The application was not found.");
      if (form.has("client_secret") && form.get("client_secret") !== principal.secret) {
        return refuseWith(7000215, "Invalid client secret provided.");
      }
      if (form.has("client_assertion") && form.get("client_assertion") !== entra.assertion) {
        return refuseWith(700024, "Client assertion is not within its valid time range.");
      }
      return json(200, { token_type: "Bearer", expires_in: 3600, access_token: `for-${form.get("scope")}` });
    },
    { key: certificate.key, cert: certificate.certificate },
  );
  const entra: Entra = {
    ...server,
    url: `https://127.0.0.1:${server.port}`,
    assertion: "of-pipeline",
    forms: () =>
      server.requests
        .filter(({ method }) => method === "POST")
        .map(({ bytes }) => new URLSearchParams(bytes.toString())),
    async close() {
      tls.setDefaultCACertificates(trusted);
      await server.close();
    },
  };
  return entra;
}
