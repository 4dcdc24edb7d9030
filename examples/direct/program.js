// What Pulumi runs. Plain JavaScript, so that a Node that is too old for index.ts says so.
import { runProgram } from "customerio-aep/program";

export default () => runProgram(() => import("./index.ts"));
