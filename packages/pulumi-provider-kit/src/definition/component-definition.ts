import type { z } from "zod";
import type { ConstructComponent } from "../engine/construct.ts";

/**
 * A component, told once for programs in other languages: the package schema describes it by `inputs` and `outputs`, whose properties
 * carry `.meta({ description, secret? })`, and the plugin makes it by `construct`.
 */
export interface ComponentDefinition {
  /** Type token: `customerio-aep:index:CustomerIoSource`. */
  readonly type: string;
  /** What the component is made of, and what for. */
  readonly description: string;
  readonly inputs: z.ZodObject;
  /** Properties of the component's class. */
  readonly outputs: z.ZodObject;
  /** Loads what it needs when it is called: a plugin has to start fast, and the SDK is slow to load. */
  readonly construct: ConstructComponent;
}
