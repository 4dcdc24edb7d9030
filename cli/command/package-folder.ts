import path from "node:path";

/** The folder of the package `customerio-aep`. The command line's bundle, `cli/dist`, is as deep in it as this file. */
export const packageFolder = path.join(import.meta.dirname, "../..");
