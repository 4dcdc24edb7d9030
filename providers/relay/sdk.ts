import { resourceClass } from "../kit/resource-class.ts";
import { functionCode } from "./function-code.ts";
import { queueDrain } from "./queue-drain.ts";

/** The code of an Azure function app on the Flex Consumption plan, deployed and waited for. */
export class FunctionCode extends resourceClass(functionCode) {}

/** Holds up `pulumi destroy` until a storage queue has run empty. */
export class QueueDrain extends resourceClass(queueDrain) {}
