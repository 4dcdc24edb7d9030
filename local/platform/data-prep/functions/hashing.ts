import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { TransformError } from "../value.ts";
import { type MapperFunction, mapperFunction, ofStrings } from "./mapper-function.ts";

const algorithms = [
  { name: "sha1", title: "Secure Hash Algorithm 1 (SHA-1)" },
  { name: "sha256", title: "Secure Hash Algorithm 256 (SHA-256)" },
  { name: "sha512", title: "Secure Hash Algorithm 512 (SHA-512)" },
  { name: "md5", title: "MD5" },
] as const;

export const hashingFunctions: readonly MapperFunction[] = [
  ...algorithms.map(({ name, title }) =>
    mapperFunction({
      names: [name],
      category: "Hashing",
      description: `Takes an input and produces a hash value using ${title}.`,
      syntax: `${name}(INPUT, CHARSET)`,
      example: `${name}("my text", "UTF-8")`,
      takes: [1, 2],
      of: ofStrings((text, charset) => createHash(name).update(encoded(text, charset)).digest("hex")),
    }),
  ),
  mapperFunction({
    names: ["crc32"],
    category: "Hashing",
    description: "Takes an input uses a cyclic redundancy check (CRC) algorithm to produce a 32-bit cyclic code.",
    syntax: "crc32(INPUT, CHARSET)",
    example: 'crc32("my text", "UTF-8")',
    takes: [1, 2],
    of: ofStrings((text, charset) => {
      // The lowest byte first, as the page's example has it.
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(crc32(encoded(text, charset)));
      return bytes.toString("hex");
    }),
  }),
];

/** The bytes of a text, by one of the character sets that the functions page names. Java's UTF-16 is big-endian with its mark. */
function encoded(text: string, charset = "UTF-8"): Buffer {
  switch (charset.toUpperCase()) {
    case "UTF-8":
      return Buffer.from(text, "utf8");
    case "UTF-16":
      return Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(text, "utf16le").swap16()]);
    case "ISO-8859-1":
      return Buffer.from(text, "latin1");
    case "US-ASCII":
      return Buffer.from(
        Array.from(text, (character) => (character.charCodeAt(0) < 128 ? character : "?")).join(""),
        "latin1",
      );
    default:
      throw new TransformError(`The character set ${charset} is not known`);
  }
}
