/**
 * Property values that the engine and a provider exchange: plain JSON plus three types that JSON lacks.
 * Only this module and server.ts know the wire form (signature keys inside a protobuf Struct).
 */

/** A value that must never be shown or stored in plain text. */
export class Secret {
  readonly value: PropertyValue;
  constructor(value: PropertyValue) {
    this.value = value;
  }
}

/** A value that is unknown until its resource has been created; appears only in previews. */
export class Unknown {
  static readonly instance = new Unknown();
  toString(): string {
    return "(known after the update)";
  }
}

/** A folder or file passed as `pulumi.asset.FileArchive`; `hash` is the engine's digest of its content. */
export class Archive {
  readonly path: string;
  readonly hash: string;
  constructor(path: string, hash: string) {
    this.path = path;
    this.hash = hash;
  }
}

export type PropertyValue =
  | null
  | boolean
  | number
  | string
  | Secret
  | Unknown
  | Archive
  | PropertyValue[]
  | { [key: string]: PropertyValue };

export type PropertyMap = { [key: string]: PropertyValue };

// The engine's signatures: sdk/go/common/resource/sig and .../resource/plugin/rpc.go in pulumi/pulumi.
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const archiveSignature = "0def7320c3a5731c473e5ecbe6d01bc7";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const unknownSentinels = new Set([
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // bool
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9", // string
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);
const unknownSentinel = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Reads the wire form (the plain object of a protobuf Struct). */
export function decodeMap(wire: Record<string, unknown>): PropertyMap {
  return Object.fromEntries(Object.entries(wire).map(([key, value]) => [key, decode(value)]));
}

function decode(wire: unknown): PropertyValue {
  if (typeof wire === "string") return unknownSentinels.has(wire) ? Unknown.instance : wire;
  if (Array.isArray(wire)) return wire.map(decode);
  if (wire === null || wire === undefined) return null;
  if (typeof wire !== "object") return wire as PropertyValue;
  const object = wire as Record<string, unknown>;
  switch (object[signatureKey]) {
    case secretSignature:
      return new Secret(decode(object.value));
    case outputSignature: {
      const value = object.value === undefined ? Unknown.instance : decode(object.value);
      return object.secret === true ? new Secret(value) : value;
    }
    case archiveSignature:
      return new Archive(String(object.path ?? ""), String(object.hash ?? ""));
    case undefined:
      return decodeMap(object);
    default:
      throw new Error(`The engine sent a kind of value that this provider does not support (${object[signatureKey]}).`);
  }
}

/** Writes the wire form. */
export function encodeMap(map: PropertyMap): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(map)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, encode(value)]),
  );
}

function encode(value: PropertyValue): unknown {
  if (value instanceof Secret) return { [signatureKey]: secretSignature, value: encode(value.value) };
  if (value instanceof Unknown) return unknownSentinel;
  if (value instanceof Archive) return { [signatureKey]: archiveSignature, path: value.path, hash: value.hash };
  if (Array.isArray(value)) return value.map(encode);
  if (value !== null && typeof value === "object") return encodeMap(value);
  return value;
}

/** The value without its secret wrappers, at every depth. */
export function reveal(value: PropertyValue): PropertyValue {
  if (value instanceof Secret) return reveal(value.value);
  if (Array.isArray(value)) return value.map(reveal);
  if (isMap(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, reveal(item)]));
  return value;
}

/** Whether anything inside is secret. */
export function holdsSecret(value: PropertyValue): boolean {
  if (value instanceof Secret) return true;
  if (Array.isArray(value)) return value.some(holdsSecret);
  return isMap(value) && Object.values(value).some(holdsSecret);
}

/** Whether anything inside is unknown. */
export function holdsUnknown(value: PropertyValue): boolean {
  if (value instanceof Unknown) return true;
  if (value instanceof Secret) return holdsUnknown(value.value);
  if (Array.isArray(value)) return value.some(holdsUnknown);
  return isMap(value) && Object.values(value).some(holdsUnknown);
}

/** Whether a value is a plain map (not a wrapper, list or scalar). */
export function isMap(value: PropertyValue | undefined): value is PropertyMap {
  return (
    value !== null &&
    typeof value === "object" &&
    !Array.isArray(value) &&
    !(value instanceof Secret || value instanceof Unknown || value instanceof Archive)
  );
}
