import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

const repository = path.resolve(__dirname, "../..");

/** Phrases that read as if they were translated, and what to write instead. */
const oddities: readonly (readonly [phrase: RegExp, better: string])[] = [
  [/\b(is|are|was|were|be) told\b(?! (to|that|not)\b)/, "is reported, is shown, learns"],
  [/\btold (apart|of)\b/, "distinguished; reported"],
  [/\btells? of\b/, "reports, names, describes"],
  [/\blest\b/, "so that … not"],
  [/\bmend(s|ed|ing)?\b/, "fix"],
  [/\bin earnest\b/, "for real; final"],
  [/\bknows? not\b/, "does not know"],
  [/\bAPIs? knows? no\b|\bknows? no (DELETE|permission|idempotency)\b/, "does not define, has no"],
  [/\bof its own accord\b/, "by itself"],
  [/\bwhoever\b/i, "anyone who, the caller, an operator"],
  [/\banew\b/, "again; recreate, rewrite, restart"],
  [/\ball the same\b/, "anyway, still, nevertheless"],
  [/\bas it stands\b/, "verbatim, unchanged"],
  [/\bat its newest\b/, "the newest"],
  [/\bever (more|less) \w+/, "increasingly; with growing …"],
  [/\bnone of the (values|events) that there (is|are)\b/, "not a valid …"],
  [/\bthere is none of\b/, "does not exist"],
  [/\bthat there (is|are) not\b/, "unknown, missing"],
  [/\bwears\b/, "has, uses"],
  [/\bbears? (the|its|that|this|another)\b/, "carries"],
  [/\b(there|where|here)by\b/, "so, by this"],
  [/\b(to|can't|can) be had\b/, "is (not) available"],
  [/\bby hand of\b/, "with"],
  [/\bby halves\b/, "halve"],
  [/\bgone on with\b/, "resumed, continued"],
  [/\b(in|of) one's own\b/, "your own"],
  [/, should (it|they|the|Platform|somebody)\b/, "if it …"],
  [/\bfor ever\b/, "forever"],
  [/(?<![Tt]here )\bis no (event|envelope|dead letter|secret|number|mistake|success|zip file)\b/, "is not a …"],
  [/\bis not right:/, "is invalid:"],
  [/\bin words alone\b/, "only the message"],
  [/\bputs? (it|that|them) right\b/, "fix, undo"],
  [/\b(was|were) begun\b/, "nothing was changed; started"],
  [/\bis about to go\b/, "will be deleted"],
  [/\bTold (after|while|once|why|of)\b/, "Called after …, gets …"],
  [/\bwhat is told\b/, "the message, the report"],
  [/\bcomes? to run\b/, "runs"],
  [/\bseen to\b/, "handled"],
  [/\bWhose the\b/, "The owner of the …"],
  [/\b(mis)?spelt\b/, "(mis)spelled"],
  [/\b(is|are|be|was|were) looked at\b/, "is checked, is read"],
  [/\bpassed over\b/, "skipped, ignored"],
  [/\bthe (two |three )?ways on\b/, "the remedies"],
  [/\bwakes? nobody\b|\bnobody is woken\b/i, "raises no alert"],
  [/\bin the order in which (they|the tests) stand\b/, "the tests run in order"],
  [/\bgoes on from the last\b/, "continues from the previous one"],
  [/\bwhose every\b/, "… with each of its …"],
  [/\bhalf-made\b/, "partly created"],
  [/\blets? (\w+ ){0,3}happen\b/i, "triggers …"],
  [/\bmakes? (it|them) again\b|\b(is|are) made again\b/, "recreate"],
  [/\bstands? in (its|the relay's) way\b/, "prevents it"],
  [/\bwhere there is none\b/i, "if it does not exist"],
  [/\bin whose place\b/, "replaced by"],
  [/\bin another way than\b/, "differently from"],
  [/\bfor want of\b/, "without, because … is missing"],
  [/\bnone slips\b/, "none is missed"],
  [/\btakes? the state's word\b/, "trusts the state"],
  // American spelling, as the vendors write it.
  [/(behavi|col|fav|hon|neighb|lab)our/i, "…or"],
  [/\b\w*(organ|normal|custom|initial|synchron|recogn|summar|minim|maxim|util|author)is(e|ed|es|ing|ation)/i, "…ize"],
  [/(lab|lev|mod|trav)ell(ed|ing)\b/i, "labeled, leveled, modeled"],
  [/judgement|\bcentre\b|\bfulfils?\b|\bgrey\b|\blicence\b|\bdefence\b|\banalyse/i, "judgment, center, fulfill, …"],
];

/** Legal text, generated lock file, states of released versions, and this list. */
const untouched = /^(LICENSE|package-lock\.json|test\/upgrade\/.*\.json|test\/docs\/words\.test\.ts)$/;
const text = /(^|\/)[^.]+$|\.(ts|js|mjs|cjs|json|md|yaml|yml)$/;

test("texts, messages and comments have none of the phrases that we avoid", async () => {
  const { stdout } = await promisify(execFile)("git", ["ls-files"], { cwd: repository, maxBuffer: 1e8 });
  const names = stdout.split("\n").filter((name) => text.test(name) && name !== "" && !untouched.test(name));
  expect(names.length).toBeGreaterThan(500);
  const found: string[] = [];
  for (const name of names) {
    // A file that is deleted but not committed yet is still listed.
    const content = await readFile(path.join(repository, name), "utf8").catch(() => "");
    for (const [index, line] of content.split("\n").entries()) {
      for (const [phrase, better] of oddities) {
        const [odd] = phrase.exec(line) ?? [];
        if (odd !== undefined) found.push(`${name}:${index + 1}: "${odd}"; better: ${better}`);
      }
    }
  }
  expect(found).toEqual([]);
}, 60_000);
