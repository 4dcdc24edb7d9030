/**
 * Runs a Pulumi program that is written in TypeScript, on a Node that can read it. Meant for a small JavaScript file, which Pulumi
 * runs: a Node that is too old reads no TypeScript.
 *
 * @param load imports the program
 * @returns what the program exports
 * @throws pulumi.RunError with one sentence that names the Node that it needs, if this one is older than 22.18, or one of 23.0 to 23.5
 */
export declare function runProgram(load: () => Promise<object>): Promise<object>;
