import { TransformError, type Value, type ValueObject } from "../value.ts";
import { type Evaluations, eager, ofStrings, stringValueOf } from "./evaluation.ts";

/** Default ports of protocols. */
const usualPorts: Readonly<Record<string, number>> = {
  http: 80,
  https: 443,
  ftp: 21,
  sftp: 22,
  ssh: 22,
  ws: 80,
  wss: 443,
};

export const urlEvaluations = {
  get_url_protocol: ofUrl((url) => protocolOf(url)),
  get_url_host: ofUrl((url) => url.hostname || null),
  get_url_port: ofUrl((url) => (url.port === "" ? (usualPorts[protocolOf(url)] ?? null) : Number(url.port))),
  get_url_path: ofUrl((url, fullPath) =>
    fullPath === false ? (url.pathname.split("/").at(-1) ?? null) : url.pathname,
  ),
  get_url_query_str: ofUrl((url, anchor) => queryOf(url, stringValueOf(anchor) ?? "")),
  get_url_encoded: eager(ofStrings((text = "") => text.replaceAll(/[^A-Za-z0-9._-]/gu, encodeCharacter))),
  get_url_decoded: eager(ofStrings((text = "") => decodeURIComponent(text))),
} satisfies Evaluations;

/** A function of a URL; null for a text that is not a URL. */
function ofUrl(of: (url: URL, other: Value) => Value) {
  return eager(([text = null, other = null]) => {
    const url = text === null ? null : URL.parse(String(text));
    return url === null ? null : of(url, other);
  });
}

function protocolOf(url: URL): string {
  return url.protocol.replace(/:$/, "");
}

function queryOf(url: URL, anchor: string): ValueObject {
  const pairs = url.search
    .replace(/^\?/, "")
    .split("&")
    .filter((pair) => pair !== "");
  const fragment = url.hash;
  if (anchor === "retain" && fragment !== "") pairs.push(`${pairs.pop() ?? ""}${fragment}`);
  else if (anchor !== "remove" && anchor !== "append" && anchor !== "retain") {
    throw new TransformError(`The anchor is to "retain", to "remove" or to "append", not ${JSON.stringify(anchor)}`);
  }
  const query: ValueObject = {};
  for (const pair of pairs) {
    const [key = "", ...value] = pair.split("=");
    query[key] = value.join("=");
  }
  if (anchor === "append" && fragment !== "") query._anchor_ = fragment.slice(1);
  return query;
}

/** Percent-encodes each byte of a character, as in the page's table of special characters. */
function encodeCharacter(character: string): string {
  return Array.from(
    Buffer.from(character, "utf8"),
    (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
  ).join("");
}
