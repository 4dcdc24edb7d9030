import { xdmProblem } from "./problems.ts";

/** The form of a single resource. */
export interface LookupForm {
  /** All inherited fields resolved (`xed-full`), or unresolved `$ref` and `allOf` (`xed`). */
  readonly full: boolean;
  readonly titles: boolean;
  readonly descriptions: boolean;
  /** The requested major version. */
  readonly version: string;
}

const lookupForms: Readonly<Record<string, Omit<LookupForm, "version">>> = {
  xed: { full: false, titles: true, descriptions: true },
  "xed-notext": { full: false, titles: false, descriptions: false },
  "xed-full": { full: true, titles: true, descriptions: true },
  "xed-full-notext": { full: true, titles: false, descriptions: false },
  "xed-full-desc": { full: true, titles: false, descriptions: true },
};

/** Reads the Accept header of a lookup, which must name a version (XDM-1007-400). */
export function lookupForm(accept: string | undefined): LookupForm {
  const match = /^application\/vnd\.adobe\.([a-z-]+)\+json\s*;\s*version=(\d+)$/.exec(accept ?? "");
  const form = lookupForms[match?.[1] ?? ""];
  if (form !== undefined) return { ...form, version: match?.[2] ?? "" };
  throw invalid("1007-400", accept, "application/vnd.adobe.{xed|xdm}+json; version=1 (Version should be specified)");
}

/** Reads the Accept header of a list: ids only, or whole resources; without a version (XDM-1006-400). */
export function listForm(accept: string | undefined): "id" | "whole" {
  if (accept === "application/vnd.adobe.xed-id+json") return "id";
  if (accept === "application/vnd.adobe.xed+json") return "whole";
  throw invalid("1006-400", accept, "application/vnd.adobe.{xed|xdm}+json");
}

/** Reads the Accept header of a list of descriptors; `-v2` asks for pages (XDM-1008-400). */
export function descriptorListForm(accept: string | undefined): { form: "id" | "link" | "whole"; paged: boolean } {
  const match = /^application\/vnd\.adobe\.xdm(-v2)?(-id|-link)?\+json$/.exec(accept ?? "");
  if (match === null) throw invalid("1008-400", accept, "application/vnd.adobe.xdm-id+json");
  const [, version, form] = match;
  return { form: form === "-id" ? "id" : form === "-link" ? "link" : "whole", paged: version !== undefined };
}

/** A descriptor's lookup needs no Accept header, but a schema's is refused (XDM-1009-400). */
export function checkDescriptorLookup(accept: string | undefined): void {
  if (accept?.startsWith("application/vnd.adobe.") && !accept.startsWith("application/vnd.adobe.xdm")) {
    throw invalid("1009-400", accept, "application/vnd.adobe.xdm+json");
  }
}

function invalid(code: string, accept: string | undefined, example: string): Error {
  return xdmProblem(
    code,
    "Accept header invalid",
    `The supplied Accept header is not valid: ${accept ?? "null"} - A valid Accept value should look like ${example}`,
  );
}
