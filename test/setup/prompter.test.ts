import { spawn } from "node:child_process";
import path from "node:path";
import { text as textOf } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

// The prompt library itself, in a process whose streams pass for a terminal.
const prompter = JSON.stringify(pathToFileURL(path.resolve(__dirname, "../../cli/setup/prompter.ts")).href);

/** What a program prints that asks, while this is typed. */
async function ask(questions: string, typed: readonly string[]): Promise<{ answers: string; screen: string }> {
  const program = `
    const { isInterruption, openPrompter } = await import(${prompter});
    process.stdin.isTTY = process.stderr.isTTY = true;
    const prompter = await openPrompter();
    const check = (text) => (text === "bad" ? "it is bad" : undefined);
    try { console.log(JSON.stringify(${questions})); }
    catch (error) { console.log(isInterruption(error) ? "interrupted" : String(error)); }
    process.exit();
  `;
  const environment = { ...process.env, NO_COLOR: "1" };
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { env: environment });
  let screen = "";
  let next = 0;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    screen += text;
    // A question is drawn several times.
    if (!text.includes(`Question ${next + 1}`)) return;
    child.stdin.write(typed[next] ?? "");
    next += 1;
  });
  return { answers: (await textOf(child.stdout)).trim(), screen };
}

test("a text is checked, and a secret does not appear on the screen", async () => {
  const questions =
    '[await prompter.text({ message: "Question 1", check }), await prompter.secret({ message: "Question 2", check })]';
  const { answers, screen } = await ask(questions, ["value\n", "a-secret-value\n"]);
  expect(answers).toBe('["value","a-secret-value"]');
  expect(screen).not.toContain("a-secret-value");
  expect(screen).not.toContain("toggle");
});

test("a choice and a confirmation", async () => {
  const questions =
    '[await prompter.choose({ message: "Question 1", choices: [{ value: "a", name: "A" }, { value: "b", name: "B" }] }), ' +
    'await prompter.confirm({ message: "Question 2", default: true })]';
  expect((await ask(questions, ["\n", "n\n"])).answers).toBe('["a",false]');
});

test.each([
  ["text", '{ message: "Question 1", check }'],
  ["secret", '{ message: "Question 1", check }'],
  ["choose", '{ message: "Question 1", choices: [{ value: "a", name: "A" }] }'],
  ["confirm", '{ message: "Question 1", default: true }'],
])("Ctrl-C in a question of the kind %s is an interruption", async (kind, question) => {
  expect((await ask(`await prompter.${kind}(${question})`, ["\x03"])).answers).toBe("interrupted");
});

test("without a terminal nobody is asked", async () => {
  const program = `const { openPrompter } = await import(${prompter}); console.log(await openPrompter());`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program]);
  expect((await textOf(child.stdout)).trim()).toBe("undefined");
});
