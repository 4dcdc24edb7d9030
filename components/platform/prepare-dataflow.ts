import * as pulumi from "@pulumi/pulumi";
import { getTenant } from "pulumi-aep";
import type { DataflowSetting } from "../../settings/part-settings.ts";
import type { SettingWords } from "../../settings/setting-words.ts";
import { derive } from "../settings/inputs.ts";
import type { Settings } from "../settings/setting-types.ts";
import { defaultTitle } from "../title.ts";
import { findDestination } from "./destination.ts";
import { createEventMapping } from "./event-mapping.ts";
import { mappingSamples } from "./mapping-samples.ts";
import type { PlatformDataflowArgs } from "./platform-dataflow.ts";

/**
 * Finds the objects in Platform that the settings name, and checks the mapping, before anything is declared.
 *
 * @param parent the component with the providers to use
 * @throws pulumi.RunError for objects that can't be used for the events, and for mistakes in the mapping
 */
export async function prepareDataflow(
  settings: Pick<Settings, DataflowSetting>,
  words: SettingWords,
  parent: pulumi.ComponentResource,
): Promise<PlatformDataflowArgs> {
  const { schema, dataset, profile, delivery, mapping, testMode, personalData } = settings;
  const given = schema.title ?? defaultTitle();
  const mapsOtherFields = pulumi.Output.isInstance(mapping) || (await mapping).set.length > 0;
  const [destination, tenant] = await Promise.all([
    findDestination(
      { schema, dataset, profile, title: typeof given === "string" ? given : undefined },
      { words, mapsOtherFields, parent },
    ),
    getTenant({ parent }),
  ]);
  const target = { ...tenant, ...destination.schema };
  return {
    ...settings,
    title: defaultTitle(),
    destination,
    activationSeconds: settings.dataflowActivationSeconds,
    samples: derive(personalData, (known) => mappingSamples({ delivery, personalData: known })),
    mappings: derive({ mapping, testMode }, (known) =>
      createEventMapping({ ...known, profile, delivery } as Parameters<typeof createEventMapping>[0], target, words),
    ),
  };
}
