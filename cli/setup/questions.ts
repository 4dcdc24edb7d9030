import { config as aepConfig } from "pulumi-aep/settings";
import { config as customerIoConfig } from "pulumi-customerio/settings";
import { z } from "zod";
import { settingsTable } from "../../settings/table.ts";

/** A setting that the setup asks for. Everything but the words of the question comes from the tables of settings. */
export interface Question {
  /** As `pulumi config set` takes it; the program's own settings have no namespace. */
  readonly key: string;
  /** Whether the key is a path into a structured setting. */
  readonly isPath: boolean;
  /** Whether the setting is one of the program, which only a program with `StackSettings` reads. */
  readonly isOwn: boolean;
  readonly isSecret: boolean;
  /** The option that gives it; a secret has none, since the shell's history would keep it. */
  readonly option: string | undefined;
  /** The environment variable that gives it. */
  readonly environment: string | undefined;
  readonly schema: z.ZodType;
  readonly message: string;
  readonly description: string;
}

type Meta = { readonly description?: string; readonly secret?: boolean; readonly environment?: string };

/** A setting of a provider. */
function ofProvider(
  namespace: string,
  config: z.ZodObject,
  name: string,
  words: { message: string; option?: string },
): Question {
  const schema = config.shape[name] as z.ZodType;
  const meta = (schema.meta() ?? {}) as Meta;
  return {
    key: `${namespace}:${name}`,
    isPath: false,
    isOwn: false,
    isSecret: meta.secret === true,
    schema,
    option: words.option,
    environment: meta.environment,
    message: words.message,
    description: meta.description ?? "",
  };
}

/** A setting of the program, or a part of one. */
function ofProgram(
  name: keyof typeof settingsTable,
  words: { message: string; option: string; part?: string; schema?: z.ZodType },
): Question {
  const setting = settingsTable[name];
  return {
    key: `${name}${words.part ?? ""}`,
    isPath: words.part !== undefined,
    isOwn: true,
    isSecret: false,
    option: words.option,
    environment: undefined,
    message: words.message,
    schema: words.schema ?? setting.schema,
    description: setting.description,
  };
}

const text = z.string().trim().min(1, "it is empty");

/** What the setup asks for, in its order. */
export const questions = {
  clientId: ofProvider("aep", aepConfig, "clientId", { message: "Adobe: client id", option: "client-id" }),
  clientSecret: ofProvider("aep", aepConfig, "clientSecret", { message: "Adobe: client secret" }),
  orgId: ofProvider("aep", aepConfig, "orgId", { message: "Adobe: organization id", option: "org-id" }),
  sandbox: ofProvider("aep", aepConfig, "sandbox", { message: "Platform: sandbox", option: "sandbox" }),
  source: ofProgram("source", { message: "Platform: source in its catalog", option: "platform-source" }),
  dataset: ofProgram("dataset", {
    message: "Platform: dataset",
    option: "dataset",
    part: ".existing",
    schema: text,
  }),
  schema: ofProgram("schema", {
    message: "Platform: schema",
    option: "schema",
    part: ".existing",
    schema: text,
  }),
  appApiKey: ofProvider("customerio", customerIoConfig, "appApiKey", { message: "Customer.io: App API key" }),
  region: ofProvider("customerio", customerIoConfig, "region", { message: "Customer.io: region", option: "region" }),
  delivery: ofProgram("delivery", { message: "Delivery", option: "delivery" }),
  subscription: {
    key: "azure-native:subscriptionId",
    isPath: false,
    isOwn: false,
    isSecret: false,
    schema: z.uuid(),
    option: "subscription",
    environment: "ARM_SUBSCRIPTION_ID",
    message: "Azure: subscription",
    description: "Id of the subscription that holds the relay; by default that of your Azure login.",
  },
  location: {
    key: "azure-native:location",
    isPath: false,
    isOwn: false,
    isSecret: false,
    schema: text,
    option: "location",
    environment: undefined,
    message: "Azure: region",
    description: "Azure region of the relay, such as westeurope. It must offer the plan Flex Consumption.",
  },
  environment: ofProgram("environment", { message: "Azure: purpose of the relay", option: "environment" }),
  alertEmail: ofProgram("alertEmails", {
    message: "E-mail address for alerts",
    option: "alert-email",
    part: "[0]",
    schema: z.email(),
  }),
} as const satisfies Record<string, Question>;

/** Options of the command line, one for each question that has one. */
export const questionOptions = Object.fromEntries(
  Object.values<Question>(questions).flatMap(({ option, key, schema, description }) =>
    option === undefined
      ? []
      : [
          [
            option,
            {
              value: "value",
              description: `the setting ${key}: ${firstSentence(description)}`,
              // A default is not an answer.
              schema: (schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType) : schema).optional(),
            },
          ],
        ],
  ),
);

function firstSentence(description: string): string {
  const [first = ""] = /^.*?[.:](?= |$)/.exec(description) ?? [description];
  return first.replace(/[.:]$/, "");
}
