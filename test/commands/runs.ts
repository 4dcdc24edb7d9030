/** A command of the pages that test/commands/run.test.ts runs, and what it has to do. */
export interface Run {
  /** As `normalize` writes it. */
  readonly command: string;
  /** What it prints, on either stream. */
  readonly says: RegExp;
  /** How it ends; default: 0. */
  readonly code?: number;
  /** It does not end by itself: Ctrl-C follows once it has said that. */
  readonly isEndless?: boolean;
  /** Somebody presses *Send test* in Customer.io once it has said this. */
  readonly sendsTest?: RegExp;
}

const run = (command: string, says: RegExp, more: Partial<Run> = {}): Run => ({ command, says, ...more });

/** Before anything is deployed, in this order. */
export const before: readonly Run[] = [
  run("customerio-aep init", /No setting was written, since this is missing:[\s\S]*AEP_CLIENT_SECRET/, { code: 2 }),
];

/** With the credentials in the environment, in this order. */
export const deploying: readonly Run[] = [
  run("customerio-aep init --yes --json", /"preview": "passed"/),
  run("pulumi up", /nextSteps +: \[[\s\S]*signing-key/),
  run("customerio-aep signing-key", /It arrived, and the relay accepted it/, {
    sendsTest: /Waiting for its event/,
  }),
];

/** With a few events delivered. None changes anything, so that they run beside one another. */
export const looking: readonly Run[] = [
  run("customerio-aep status", /fine +calls +They arrive/),
  run("customerio-aep status --cwd ../events --json", /"part": "webhook"/),
  run("customerio-aep console", /http:\/\/127\.0\.0\.1:\d+\/\?token=/, { isEndless: true }),
  run("customerio-aep console --allow-actions", /actions|local cloud/, { isEndless: true }),
  run("customerio-aep preview", /\d+ become rows, 0 are left out, 0 fail\./),
  run("customerio-aep preview --samples events.json", /1 becomes a row, 0 are left out, 0 fail\./),
  run("customerio-aep tail", /accepted \d+ {2}\(/, { isEndless: true }),
  run("customerio-aep tail --json", /^\{"source":"customerio-aep","at":.*"counts":.*\}\n/m, { isEndless: true }),
  run("customerio-aep tail --since 30 --once", /delivered \d+ {2}age/),
  run("customerio-aep tail --since 30 --once --json", /"outcome": ?"accepted"/),
  run("customerio-aep tail --object-type email --metric bounced", /email bounced 1/, { isEndless: true }),
  run("customerio-aep drift", /are unchanged since/),
  run("customerio-aep drift --json", /"drift": \[\]/),
  run("customerio-aep cost --events-per-month 3000000", /total of a month +\$/),
  run("customerio-aep cost --events-per-month 3000000 --events-per-second <n>", /total of a month +\$/),
  run("customerio-aep cost --events-per-month 3000000 --prices ours.json --json", /our contract/),
  run("customerio-aep support-bundle", /Wrote .*\.zip/),
  run("customerio-aep help", /Usage: customerio-aep/),
  run("customerio-aep help status", /Usage: customerio-aep status/),
  run("customerio-aep --version", /^\d+\.\d+\.\d+$/m),
  run("source <(customerio-aep completion bash)", /^$/),
  run("pulumi stack --show-ids", /azure-native:storage:StorageAccount[\s\S]*\/storageAccounts\/cioaep/),
  run("pulumi stack output", /datasetId/),
  run("pulumi stack output relayHostName", /^127\.0\.0\.1:\d+$/m),
  run("pulumi package get-schema ./node_modules/.bin/pulumi-resource-aep", /aep:index:Dataflow/),
  run("pulumi package get-schema ./node_modules/.bin/pulumi-resource-customerio", /customerio:index:ReportingWebhook/),
  run(
    "pulumi package get-schema ./node_modules/.bin/pulumi-resource-customerio-aep",
    /customerio-aep:index:QueueDrain/,
  ),
];

/** They send events, or change the stack; in this order. */
export const acting: readonly Run[] = [
  run("customerio-aep verify", /fine +dataset/),
  run("customerio-aep verify --event <event>", /fine +dataset/),
  run("customerio-aep verify --filtered", /Nothing goes to Platform/),
  run("customerio-aep audit --from <day> --to <day>", /Nothing is missing, as far as can be known/),
  run("customerio-aep audit --from <day> --to <day> --sql", /Nothing is missing, as far as can be known/),
  run("customerio-aep audit --from <day> --to <day> --json", /"verdict": "complete"/),
  run("customerio-aep backfill --from <day> --to <day> --dry-run", /There is nothing to send/),
  run("customerio-aep audit --from <day> --to <day> --heal", /There is nothing to send/),
  run("customerio-aep backfill --from <day> --to <day>", /There is nothing to send/),
  run("customerio-aep backfill --from <day> --to <day> --via batch", /There is nothing to send/),
  run("customerio-aep backfill --from <day> --to <day> --revert", /This backfill has uploaded no batch/),
  run(
    `curl -X POST $AEP_PLATFORM_URL/__local/faults -H 'content-type: application/json' -d '{"target":"inlet","effect":{"kind":"status","status":404},"rate":1}'`,
    /404/,
  ),
  run("customerio-aep verify --timeout 0.2", /Still on its way/, { code: 3 }),
  run("curl -X DELETE $AEP_PLATFORM_URL/__local/faults", /^/),
];

/** Two events that no webhook reported, ten days ago (the variable `day`), are missing until an audit sends them; in this order. */
export const healing: readonly Run[] = [
  run("day=$(node -p 'new Date(Date.now() - 10 * 864e5).toISOString().slice(0, 10)')", /^$/),
  run(
    `curl -X POST $CUSTOMERIO_APP_API_URL/__local/events -H 'content-type: application/json' -d '{"reported":false,"make":[{"object_type":"email","metric":"sent","delivery_id":"lost","days_ago":10},{"object_type":"email","metric":"opened","delivery_id":"lost","days_ago":10}]}'`,
    /"webhooks":\[\]/,
  ),
  run("customerio-aep audit --from $day --to $day", /2 are missing and 0 are dead letters/, { code: 1 }),
  run("customerio-aep audit --from $day --to $day --heal", /2 of 2 events are in the relay's queue/),
];

/** With two dead letters, in this order. */
export const withDeadLetters: readonly Run[] = [
  run("customerio-aep replay --dry-run", /2 of 2 dead letters .* would be replayed/),
  run("customerio-aep tail --outcome dead --since 60", /dead \d/, { isEndless: true }),
  run("customerio-aep export --folder kept", /2 of 2 dead letters .* are in \S+kept: 2 written/),
  run("customerio-aep export --folder kept --class refused", /2 of 2 dead letters .* 2 there already/),
  run(
    'customerio-aep replay --reason "was refused" --object-type email --from <day>',
    /0 of 2 dead letters .* replayed/,
  ),
  run("customerio-aep replay --class refused --from <day>", /2 of 2 dead letters .* replayed/),
  run("customerio-aep restore --folder kept", /2 /),
  run("customerio-aep replay --purge-older-than 90", /0 of 2 dead letters .* purged/),
  run("customerio-aep replay", /2 of 2 dead letters .* replayed/),
];

export const runs = [...before, ...deploying, ...looking, ...acting, ...healing, ...withDeadLetters];
