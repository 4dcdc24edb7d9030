import { providerClass } from "../kit/provider-class.ts";
import { resourceClass } from "../kit/resource-class.ts";
import { config } from "./config.ts";
import { functionCode } from "./function-code.ts";
import { queueDrain } from "./queue-drain.ts";

/** A provider of its own, with other settings than the stack's. */
export class Provider extends providerClass("relay", config) {}

/** The code of an Azure function app on the Flex Consumption plan, deployed and waited for. */
export class FunctionCode extends resourceClass(functionCode) {}

/** Holds up `pulumi destroy` until a storage queue has run empty. */
export class QueueDrain extends resourceClass(queueDrain) {}
