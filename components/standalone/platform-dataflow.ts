import type * as pulumi from "@pulumi/pulumi";
import type { DataflowSetting } from "../../settings/part-settings.ts";
import { PlatformDataflow } from "../platform/platform-dataflow.ts";
import { prepareDataflow } from "../platform/prepare-dataflow.ts";
import type { SettingArguments } from "../settings/setting-arguments.ts";
import { SourceArguments } from "../settings/source-arguments.ts";

/** The arguments of a dataflow. Everything has the default of `CustomerIoSource`. */
export type StandaloneDataflowArgs = Pick<SettingArguments, DataflowSetting>;

/**
 * The dataflow of a source on its own, for events that something else posts to its `streamingUrl`. Arguments, mapping
 * and the objects that they name in Platform are checked before anything is declared.
 *
 * @example
 * const { streamingUrl, readyAt } = new PlatformDataflow("platform", { dataset: { name: "Customer.io events" } });
 */
export class StandalonePlatformDataflow extends PlatformDataflow {
  /**
   * @param args those that decide which resources exist must be plain values, as for `CustomerIoSource`
   * @param options `providers` for a different sandbox from that of the stack's settings
   */
  constructor(name: string, args: StandaloneDataflowArgs = {}, options?: pulumi.ComponentResourceOptions) {
    const source = new SourceArguments(args);
    const settings = source.read();
    super(name, (component) => prepareDataflow(settings, source.words, component), options);
  }
}
