import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

/** A package in the registry, as `GET /<package>` returns it. */
interface PackageDocument {
  readonly name: string;
  readonly "dist-tags": Record<string, string>;
  readonly versions: Record<string, Manifest>;
}

/** Of a version that has arrived. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dist: { readonly integrity: string; readonly tarball: string };
  readonly [field: string]: unknown;
}

/** What `npm publish` puts. */
interface Publication extends PackageDocument {
  readonly access?: string;
  readonly _attachments?: Readonly<Record<string, { readonly data: string; readonly length: number }>>;
}

export interface Registry {
  readonly url: string;
  readonly token: string;
  /** Packages by name, in the order of their arrival. */
  readonly packages: ReadonlyMap<string, PackageDocument>;
  /** How the next publication of a package fails: it is `refused`, or accepted with a `lost` answer. */
  fail(name: string, how: "refused" | "lost"): void;
  stop(): Promise<void>;
}

/**
 * A package registry on loopback that accepts what npm's accepts: a token, one new version at a time with a tarball that matches its
 * metadata, and no version twice. Its answers have the registry's texts if npm depends on them.
 */
export async function startRegistry(): Promise<Registry> {
  const token = "local-registry-token";
  const packages = new Map<string, PackageDocument>();
  const failures = new Map<string, "refused" | "lost">();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const reply = (status: number, body: object) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    const name = decodeURIComponent(new URL(request.url ?? "/", "http://registry").pathname.slice(1));
    const present = packages.get(name);
    if (request.method === "GET") return present ? reply(200, present) : reply(404, { error: "Not found" });
    if (request.method !== "PUT") return reply(405, { error: "Method not allowed" });
    if (request.headers.authorization !== `Bearer ${token}`) return reply(401, { error: "You must be logged in" });
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const publication = JSON.parse(Buffer.concat(chunks).toString()) as Publication;
    const failure = failures.get(name);
    failures.delete(name);
    if (failure === "refused") return reply(403, { error: "You do not have permission to publish this package" });
    const fault = faultOf(name, publication, present);
    if (fault) return reply(fault.status, { error: fault.error });
    packages.set(name, {
      name,
      "dist-tags": { ...present?.["dist-tags"], ...publication["dist-tags"] },
      versions: { ...present?.versions, ...publication.versions },
    });
    // npm repeats a failed request, and then learns that the version exists.
    if (failure === "lost") return reply(500, { error: "Internal server error" });
    reply(201, { ok: true });
  };

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    token,
    packages,
    fail: (name, how) => failures.set(name, how),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function faultOf(
  name: string,
  { access, versions, _attachments = {}, ...publication }: Publication,
  present: PackageDocument | undefined,
): { status: number; error: string } | undefined {
  const [manifest, ...others] = Object.values(versions);
  const [attachment] = Object.values(_attachments);
  if (!manifest || !attachment || others.length > 0) return { status: 400, error: "There must be one version" };
  if (publication.name !== name || manifest.name !== name) return { status: 400, error: "Package name mismatch" };
  if (!present && access !== "public") return { status: 402, error: "You must sign up for private packages" };
  if (present?.versions[manifest.version]) {
    return {
      status: 403,
      error: `You cannot publish over the previously published versions: ${manifest.version}.`,
    };
  }
  const tarball = Buffer.from(attachment.data, "base64");
  const digest = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
  if (tarball.length !== attachment.length || manifest.dist.integrity !== digest) {
    return { status: 400, error: "The tarball is not the one that the manifest names" };
  }
  const packed = JSON.parse(tarFile(gunzipSync(tarball), "package/package.json")) as Manifest & { private?: boolean };
  if (packed.name !== name || packed.version !== manifest.version || packed.private) {
    return { status: 400, error: "The tarball's package.json is not the manifest's" };
  }
  return undefined;
}

/** The text of a file in an archive of 512-byte blocks: a header with name and octal size, then the content. */
function tarFile(archive: Buffer, name: string): string {
  for (let at = 0; at < archive.length; ) {
    const header = archive.subarray(at, at + 512);
    const size = Number.parseInt(header.toString("latin1", 124, 135), 8);
    if (header.toString("utf8", 0, 100).split("\0")[0] === name) {
      return archive.toString("utf8", at + 512, at + 512 + size);
    }
    at += 512 + Math.ceil((Number.isNaN(size) ? 0 : size) / 512) * 512;
  }
  throw new Error(`The tarball has no ${name}.`);
}
