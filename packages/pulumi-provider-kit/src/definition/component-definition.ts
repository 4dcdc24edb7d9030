import type { z } from "zod";
import type { ConstructComponent } from "../engine/construct.ts";

/**
 * A component, defined once for programs in other languages. The package schema describes it by `inputs` and `outputs`, whose properties
 * carry `.meta({ description, secret? })`, and the plugin creates it with `construct`.
 */
export interface ComponentDefinition {
  /** Type token: `customerio-aep:index:CustomerIoSource`. */
  readonly type: string;
  /** What the component creates, and its purpose. */
  readonly description: string;
  readonly inputs: z.ZodObject;
  /** Properties of the component's class. */
  readonly outputs: z.ZodObject;
  /** Loads its modules when it is called: a plugin has to start fast, and the SDK is slow to load. */
  readonly construct: ConstructComponent;
}
