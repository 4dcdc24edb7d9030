import type { FunctionTable } from "../function-entry.ts";

export const urlFunctions = {
  get_url_protocol: {
    description: "The protocol of a URL; null if it is not a URL.",
    parameters: "URL",
    returns: "string",
    example: 'get_url_protocol("https://platform.adobe.com/home")',
  },
  get_url_host: {
    description: "The host of a URL; null if it is not a URL.",
    parameters: "URL",
    returns: "string",
    example: 'get_url_host("https://platform.adobe.com/home")',
  },
  get_url_port: {
    description: "The port of a URL, or its protocol's usual one; null if it is not a URL.",
    parameters: "URL",
    returns: "integer",
    example: 'get_url_port("sftp://example.com//home/joe/employee.csv")',
  },
  get_url_path: {
    description: "The path of a URL; with false, only its last part.",
    parameters: "URL, FULL_PATH?",
    returns: "string",
    example: 'get_url_path("sftp://example.com//home/joe/employee.csv")',
  },
  get_url_query_str: {
    description:
      'The query of a URL as an object; "retain", "remove" or "append" (as _anchor_) decides about the anchor.',
    parameters: "URL, ANCHOR",
    returns: "object",
    example: 'get_url_query_str("foo://example.com:8042/over/there?name=ferret#nose", "append")',
  },
  get_url_encoded: {
    description: "Percent-encodes the special characters of a URL.",
    parameters: "URL",
    returns: "string",
    example: 'get_url_encoded("https://example.com/partneralliance_asia-pacific_2022")',
  },
  get_url_decoded: {
    description: "Decodes the percent-encoded characters of a URL.",
    parameters: "URL",
    returns: "string",
    example: 'get_url_decoded("https%3A%2F%2Fexample.com%2Fpartneralliance_asia-pacific_2022")',
  },
} as const satisfies FunctionTable;
