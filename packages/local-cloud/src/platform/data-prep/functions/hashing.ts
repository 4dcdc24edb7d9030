import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { TransformError } from "../value.ts";
import { type Evaluation, type Evaluations, eager, ofStrings } from "./evaluation.ts";

export const hashingEvaluations = {
  sha1: hash("sha1"),
  sha256: hash("sha256"),
  sha512: hash("sha512"),
  md5: hash("md5"),
  crc32: eager(
    ofStrings((text, charset) => {
      // Lowest byte first, as in the page's example.
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(crc32(encode(text, charset)));
      return bytes.toString("hex");
    }),
  ),
} satisfies Evaluations;

function hash(algorithm: string): Evaluation {
  return eager(ofStrings((text, charset) => createHash(algorithm).update(encode(text, charset)).digest("hex")));
}

/** Encodes a text in a character set from the functions page. Java's UTF-16 is big-endian with a byte order mark. */
function encode(text: string, charset = "UTF-8"): Buffer {
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
