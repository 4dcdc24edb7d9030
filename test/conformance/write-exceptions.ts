/** Writes the exceptions of the conformance test into docs/vendor-descriptions.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { exceptionsPage, withExceptions } from "./exceptions-page.ts";

writeFileSync(exceptionsPage, withExceptions(readFileSync(exceptionsPage, "utf8")));
