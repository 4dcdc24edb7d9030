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
  /** What the option's help says: one line, which need not describe everything that the setting can be. */
  readonly about: string | undefined;
}

type Meta = { readonly secret?: boolean; readonly environment?: string };

/** A setting of a provider. */
function ofProvider(
  namespace: string,
  config: z.ZodObject,
  name: string,
  words: { message: string; option?: string; about?: string },
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
    about: words.about,
  };
}

/** A setting of the program, or a part of one. */
function ofProgram(
  name: keyof typeof settingsTable,
  words: { message: string; option: string; about: string; part?: string; schema?: z.ZodType },
): Question {
  return {
    key: `${name}${words.part ?? ""}`,
    isPath: words.part !== undefined,
    isOwn: true,
    isSecret: false,
    option: words.option,
    environment: undefined,
    message: words.message,
    schema: words.schema ?? settingsTable[name].schema,
    about: words.about,
  };
}

const text = z.string().trim().min(1, "it is empty");

/** What the setup asks for, in its order. */
export const questions = {
  clientId: ofProvider("aep", aepConfig, "clientId", {
    message: "Adobe: client id",
    option: "client-id",
    about: "client id of an OAuth Server-to-Server credential in Adobe Developer Console",
  }),
  clientSecret: ofProvider("aep", aepConfig, "clientSecret", { message: "Adobe: client secret" }),
  orgId: ofProvider("aep", aepConfig, "orgId", {
    message: "Adobe: organization id",
    option: "org-id",
    about: "id of the organization, which ends in @AdobeOrg",
  }),
  sandbox: ofProvider("aep", aepConfig, "sandbox", {
    message: "Platform: sandbox",
    option: "sandbox",
    about: "name of the sandbox that gets the dataset and the dataflow, such as dev",
  }),
  source: ofProgram("source", {
    message: "Platform: source in its catalog",
    option: "platform-source",
    about:
      "`customerio` is Adobe's beta source for Customer.io; `http` is the HTTP API source, for organizations without the beta",
  }),
  dataset: ofProgram("dataset", {
    message: "Platform: dataset",
    option: "dataset",
    about: "id or name of an existing dataset to fill; without it, one is created",
    part: ".existing",
    schema: text,
  }),
  schema: ofProgram("schema", {
    message: "Platform: schema",
    option: "schema",
    about: "$id, meta:altId or title of an existing schema for the new dataset; without it, one is created",
    part: ".existing",
    schema: text,
  }),
  appApiKey: ofProvider("customerio", customerIoConfig, "appApiKey", { message: "Customer.io: App API key" }),
  region: ofProvider("customerio", customerIoConfig, "region", {
    message: "Customer.io: region",
    option: "region",
    about: "data center of the Customer.io account; without it, the one that accepts the App API key",
  }),
  delivery: ofProgram("delivery", {
    message: "Delivery",
    option: "delivery",
    about:
      "`relay` checks, holds and replays events; with `direct`, Customer.io posts straight to Platform, for trials",
  }),
  subscription: {
    key: "azure-native:subscriptionId",
    isPath: false,
    isOwn: false,
    isSecret: false,
    schema: z.uuid(),
    option: "subscription",
    environment: "ARM_SUBSCRIPTION_ID",
    message: "Azure: subscription",
    about: "id of the subscription that holds the relay; without it, that of your Azure login",
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
    about: "region of the relay, such as westeurope; it must offer the plan Flex Consumption",
  },
  environment: ofProgram("environment", {
    message: "Azure: purpose of the relay",
    option: "environment",
    about: "`dev` is cheap and quick to destroy; `prod` is in several zones, and protected against deletion by mistake",
  }),
  alertEmail: ofProgram("alertEmails", {
    message: "E-mail address for alerts",
    option: "alert-email",
    about: "an address that gets the alerts",
    part: "[0]",
    schema: z.email(),
  }),
} as const satisfies Record<string, Question>;

/** Options of the command line, one for each question that has one. */
export const questionOptions = Object.fromEntries(
  Object.values<Question>(questions).flatMap(({ option, key, schema, about }) =>
    option === undefined
      ? []
      : [
          [
            option,
            {
              value: "value",
              description: `the setting ${key}: ${about}`,
              // A default is not an answer.
              schema: (schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType) : schema).optional(),
            },
          ],
        ],
  ),
);
