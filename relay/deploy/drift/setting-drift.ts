import { createHash } from "node:crypto";

/** The app settings of a function app by their names. */
type AppSettings = Readonly<Record<string, string>>;

/** An app setting that differs from what the stack wrote. */
export interface SettingDrift {
  readonly name: string;
  /** What happened to it in Azure. */
  readonly change: "changed" | "added" | "removed";
}

/** How Azure's app settings differ from what the stack wrote. Lists names only, since a foreign value may be a secret. */
export function settingDrift(written: AppSettings, listed: AppSettings): SettingDrift[] {
  const names = [...new Set([...Object.keys(written), ...Object.keys(listed)])].sort();
  return names.flatMap((name): SettingDrift[] => {
    if (written[name] === listed[name]) return [];
    if (written[name] === undefined) return [{ name, change: "added" }];
    return [{ name, change: listed[name] === undefined ? "removed" : "changed" }];
  });
}

/** Azure's app settings for the state. Values that the stack did not write are replaced by digests. */
export function shownSettings(written: AppSettings, listed: AppSettings): Record<string, string> {
  return Object.fromEntries(
    Object.entries(listed).map(([name, value]) => [
      name,
      value === written[name] ? value : `not the stack's: ${digest(value)}`,
    ]),
  );
}

function digest(value: string): string {
  return `SHA-256 ${createHash("sha256").update(value).digest("hex").slice(0, 16)}…`;
}
