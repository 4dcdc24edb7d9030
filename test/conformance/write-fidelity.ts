/** Writes the exceptions of the conformance test into docs/fidelity.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { fidelityDocument, withExceptions } from "./fidelity-document.ts";

writeFileSync(fidelityDocument, withExceptions(readFileSync(fidelityDocument, "utf8")));
