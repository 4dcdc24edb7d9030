/** `0.2.0`; anything else, such as a pre-release, is not a version that this project releases. */
export function parseVersion(text: string): readonly [number, number, number] | undefined {
  const [, ...numbers] = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/.exec(text)?.map(Number) ?? [];
  const [major, minor, patch] = numbers;
  return major === undefined || minor === undefined || patch === undefined ? undefined : [major, minor, patch];
}

/** Whether a version comes before another one; both must be versions. */
export function isOlder(version: string, than: string): boolean {
  const numbers = parseVersion(version) ?? [];
  const others = parseVersion(than) ?? [];
  const first = numbers.findIndex((number, index) => number !== others[index]);
  return first !== -1 && (numbers[first] ?? 0) < (others[first] ?? 0);
}
