import { nearest } from "pulumi-provider-kit/settings";

/** The path that was probably meant: one with a similar spelling, or with the same last name. */
export function guessPath(path: string, paths: readonly string[]): string | undefined {
  const last = path.split(".").at(-1) ?? path;
  const sameName = paths.filter((candidate) => candidate.split(".").at(-1) === last);
  if (sameName.length === 1) return sameName[0];
  const near = nearest(path, paths);
  if (near !== undefined) return near;
  const name = nearest(last, new Set(paths.map((candidate) => candidate.split(".").at(-1) ?? candidate)));
  return name === undefined ? sameName[0] : paths.find((candidate) => candidate.split(".").at(-1) === name);
}
