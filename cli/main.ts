/** `customerio-aep <command>`: inspects and operates a running stack. */
import { endWithoutOutput } from "pulumi-provider-kit/end-with-engine";
import { runCommandLine } from "./command-line.ts";

// As in `customerio-aep … | head`, or after the terminal closed. It does not end with its parent, since `nohup customerio-aep … &` outlives it.
endWithoutOutput();

process.exitCode = await runCommandLine(process.argv.slice(2));
