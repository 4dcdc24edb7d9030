import { existsSync } from "node:fs";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import manifest from "../../package.json" with { type: "json" };
import { packageManifest } from "../../relay/deploy/package-folder.ts";

/** The folder of the relay's code, which must be of the program's own version. */
export function relayPackage(): string {
  const folder = path.resolve(import.meta.dirname, "../../relay/dist");
  if (!existsSync(path.join(folder, "host.json"))) {
    throw new pulumi.RunError("The relay's code is not built yet (relay/dist is missing). Build it: npm run build");
  }
  const { version } = packageManifest(folder);
  if (version !== manifest.version) {
    throw new pulumi.RunError(
      `The relay's code in relay/dist has version ${version}, but the program has ${manifest.version}. Build it again: npm run build`,
    );
  }
  return folder;
}
