/** Parses `0.2.0`. This project releases no other form, such as a pre-release. */
export function parseVersion(text: string): readonly [number, number, number] | undefined {
  const [, ...numbers] = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/.exec(text)?.map(Number) ?? [];
  const [major, minor, patch] = numbers;
  return major === undefined || minor === undefined || patch === undefined ? undefined : [major, minor, patch];
}

/** Whether one version is older than another; both must be valid. */
export function isOlder(version: string, than: string): boolean {
  const numbers = parseVersion(version) ?? [];
  const others = parseVersion(than) ?? [];
  const first = numbers.findIndex((number, index) => number !== others[index]);
  return first !== -1 && (numbers[first] ?? 0) < (others[first] ?? 0);
}
