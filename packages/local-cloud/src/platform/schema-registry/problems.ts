import type { ResourceKind } from "../state/model.ts";
import { Problem } from "../web/problem.ts";

/** An error of the Schema Registry, in the form of the XDM troubleshooting guide. */
export function xdmProblem(code: string, title: string, message: string): Problem {
  const status = Number(code.slice(-3));
  return new Problem(status, message, ({ requestId, now }) => ({
    type: `http://ns.adobe.com/aep/errors/XDM-${code}`,
    title,
    status,
    report: {
      registryRequestId: requestId,
      timestamp: registryTime(now),
      "detailed-message": message,
      "sub-errors": [],
    },
    detail: message,
  }));
}

/** 1010 for classes and 1012 for schemas are documented; 1011 for field groups is inferred from the order. */
const notFoundCodes: Readonly<Record<ResourceKind, { code: string; name: string }>> = {
  classes: { code: "1010-404", name: "class" },
  mixins: { code: "1011-404", name: "field group" },
  schemas: { code: "1012-404", name: "schema" },
};

export function resourceNotFound(kind: ResourceKind, id: string, version = "1"): Problem {
  const { code, name } = notFoundCodes[kind];
  return xdmProblem(
    code,
    "Resource not found",
    `The requested ${name} resource ${id} with version ${version} is not found.`,
  );
}

/** The code is inferred from the order of 1010 to 1017. */
export function descriptorNotFound(id: string): Problem {
  return xdmProblem("1014-404", "Resource not found", `The requested descriptor resource ${id} is not found.`);
}

/** `06-01-2021 04:11:06` */
function registryTime(now: number): string {
  const [date = "", time = ""] = new Date(now).toISOString().split("T");
  const [year, month, day] = date.split("-");
  return `${month}-${day}-${year} ${time.slice(0, 8)}`;
}
