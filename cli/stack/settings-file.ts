import path from "node:path";

/** Names the file of a stack's settings for a command: in another folder, Pulumi would look for a relative path there. */
export function nameSettingsFile(folder: string | undefined, configFile: string | undefined): string | undefined {
  return folder === undefined || configFile === undefined ? configFile : path.resolve(configFile);
}
