import { collectAdvice } from "./collect.ts";
import { parseCommands } from "./parse.ts";

// Each command that the product tells people to type is parsed by its own program. Those in shell blocks of pages are also run: see run.test.ts.
test("every printed or documented command is valid for its program", async () => {
  const advice = Map.groupBy(await collectAdvice(), ({ command }) => command);
  expect(advice.size).toBeGreaterThan(150);
  const found = await parseCommands([...advice.keys()]);
  const mistakes = [...advice].flatMap(([command, places], index) =>
    found[index] === undefined ? [] : [`${places.map(({ where }) => where).join(", ")}: ${command}: ${found[index]}`],
  );
  expect(mistakes).toEqual([]);
}, 120_000);

test("a failover names the stack that has the webhook, there and back", async () => {
  // It changes the webhook of --stack. In the pages, that is always the webhook of prod, and prod-west takes over.
  const failovers = (await collectAdvice()).filter(({ command }) =>
    /customerio-aep failover --stack prod/.test(command),
  );
  const forms = failovers.map(({ command }) => command.replace(/^npx /, ""));
  expect([...new Set(forms)].toSorted()).toEqual([
    "customerio-aep failover --stack prod --to prod",
    "customerio-aep failover --stack prod --to prod-west",
  ]);
});

test.each([
  ["npx pulumi upp", "no such command"],
  ["npx pulumi up --refesh", "unknown flag: --refesh"],
  ["npx pulumi up --parallel many", "invalid argument"],
  ["npx pulumi config set --path dataset.keep true false", "It takes 2 arguments, and gets 3"],
  ["npx pulumi config set --secret customerio:appKey", "There is no setting customerio:appKey."],
  ["npx pulumi stack init", undefined],
  ["npx customerio-aep stauts", "unknown command"],
  ["npx customerio-aep replay --rate 0", "--rate"],
  ["npx customerio-aep status --dry-run", "unknown option"],
  ["npm run opps", "package.json has no script opps."],
  ["npm run demo -- --kept", "demo has no --kept."],
  ["npm run ops -- replay --dryrun", "unknown option"],
  ["npm install ./vendor/*.tgz", undefined],
  ["npm install customerio-apt", "There is no package customerio-apt."],
  ["npm install @duckdb/node-appi", "There is no package @duckdb/node-appi."],
  ["npm install --globally customerio-aep", "npm install has no --globally."],
  ["npx jest test/nowhere", "No test is at test/nowhere."],
  ["az account list", "not in this test's list"],
  ["az login --tenat <tenant id>", "--tenat"],
  ["npx tsc -p .", '"tsc" is not a program'],
])("%s: %s", async (command, mistake) => {
  const [found] = await parseCommands([command]);
  if (mistake === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(mistake);
});
