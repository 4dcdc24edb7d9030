import type { FunctionTable } from "../function-entry.ts";

const hash = { parameters: "INPUT, CHARSET?", returns: "string" } as const;

export const hashingFunctions = {
  sha1: { ...hash, description: "SHA-1 of a string, in hex digits.", example: 'sha1("my text", "UTF-8")' },
  sha256: { ...hash, description: "SHA-256 of a string, in hex digits.", example: 'sha256("my text", "UTF-8")' },
  sha512: { ...hash, description: "SHA-512 of a string, in hex digits.", example: 'sha512("my text", "UTF-8")' },
  md5: { ...hash, description: "MD5 of a string, in hex digits.", example: 'md5("my text", "UTF-8")' },
  crc32: { ...hash, description: "CRC-32 of a string, in hex digits.", example: 'crc32("my text", "UTF-8")' },
} as const satisfies FunctionTable;
