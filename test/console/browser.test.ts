import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import axe from "axe-core";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { OperatorConsole } from "../../cli/console/console.ts";
import { StandIns } from "../../cli/console/data/stand-ins.ts";
import { type ConsoleServer, startServer } from "../../cli/console/server.ts";
import { readSamples } from "../../cli/preview/sample-events.ts";
import { newEvent } from "../../relay/core/event/envelope.ts";
import { type ConsoleWorld, freshEvents, startWorld } from "./world.ts";

/** Debian's package. */
const executablePath = "/usr/bin/chromium";
const hasBrowser = existsSync(executablePath);
if (!hasBrowser) {
  process.stdout.write(`skipped: there is no Chromium at ${executablePath} (apt-get install chromium)\n`);
}

/** With `CONSOLE_SCREENSHOTS=1`, this test writes the pictures of docs/console.md. */
const pictures =
  process.env.CONSOLE_SCREENSHOTS === "1" ? path.join(import.meta.dirname, "../../docs/images") : undefined;
const widths = { phone: 360, tablet: 820, wide: 1280 } as const;
const themes = ["light", "dark"] as const;

let world: ConsoleWorld;
let server: ConsoleServer;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const stop = new AbortController();
/** What the page asked for, and what the browser complained about. */
const requested: string[] = [];
const complaints: string[] = [];

/** Counts as they grow while events arrive. */
async function letTimePass(): Promise<void> {
  for (let step = 0; step <= 12; step += 1) {
    const accepted = 190 + Math.round(14 * step + 6 * Math.sin(step));
    const delivered = accepted - 46 - Math.max(0, 3 * (step - 6));
    const takenAt = Math.floor(Date.now() / 1000);
    await world.count({
      accepted,
      delivered,
      dead: 43,
      filtered: 12,
      refused: 2,
      deliveredSeconds: delivered * 3,
      takenAt,
    });
    if (step % 3 === 0) {
      const receivedAt = new Date(Date.now() - 400_000).toISOString();
      const [body = ""] = freshEvents(`wait${step}`);
      await world.enqueue([
        { ...newEvent({ id: `wait${step}`, receivedAt, body }), attempts: 3, lastError: "HTTP 503" },
      ]);
    }
    await new Promise((resolve) => setTimeout(resolve, 160));
  }
}

/** Opens or closes what is folded, and of the list of events the first one: they are all alike. */
function open(isOpen: boolean): Promise<unknown> {
  const folded = "details:not(.event), .event:first-child";
  return page.evaluate(`for (const one of document.querySelectorAll("${folded}")) one.open = ${isOpen}`);
}

(hasBrowser ? describe : describe.skip)("the console in a browser", () => {
  beforeAll(async () => {
    [world, browser] = await Promise.all([startWorld(), chromium.launch({ executablePath, args: ["--no-sandbox"] })]);
    for (let day = 0; day < 26; day += 1) await world.deliver(freshEvents(`row${day}`));
    const bodies = (mark: string, most: number) =>
      Array.from({ length: most }, (_, at) => freshEvents(`${mark}${at}`)[at % 6] ?? "");
    await Promise.all([
      world.die(
        bodies("refused", 36),
        "HTTP 400: the field emailAddress of ada@example.org is not an e-mail address",
        "refused",
      ),
      world.die(bodies("expired", 7), "It could not be delivered for 7 days. The last attempt: HTTP 503", "expired"),
      world.noteForwarder(),
    ]);
    const standIns = await StandIns.find(world.source);
    const samples = await readSamples(undefined);
    const operator = new OperatorConsole({
      source: world.source,
      reread: async (source) => source,
      allowActions: false,
      standIns,
      samples,
      auditFolder: undefined,
    });
    server = await startServer(operator.routes(stop.signal), 0);
    void operator.watch(stop.signal, { reading: 100, checks: 2000 });
    await letTimePass();
    context = await browser.newContext({ viewport: { width: widths.wide, height: 900 }, reducedMotion: "reduce" });
    page = await context.newPage();
    page.on("request", (request) => requested.push(request.url()));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(server.address);
    await page.locator(".finding").first().waitFor();
    await page.locator(".letter").first().waitFor();
    await page.locator(".event").first().waitFor();
  }, 60_000);

  afterAll(async () => {
    stop.abort();
    await browser?.close();
    await server?.close();
    await world?.stop();
  });

  test("says first what needs the operator, with the remedy, and keeps the token out of the address", async () => {
    expect(page.url()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(await page.locator("#verdict").textContent()).toMatch(/^(One part needs|\d+ parts need) you$/);
    const [first] = await page.locator(".finding").allTextContents();
    expect(first).toMatch(/What to do: .*npx customerio-aep replay --dry-run --stack dev/);
    expect(await page.locator("#picture li").allTextContents()).toEqual([
      expect.stringMatching(/^Customer\.io, fine: last call/),
      expect.stringMatching(/^Intake, fine: accepted today [\d,]+/),
      expect.stringMatching(/^Queue, waiting: messages wait \d+/),
      expect.stringMatching(/^Forwarder, broken: dead letters 43/),
      expect.stringMatching(/^Platform, /),
      expect.stringMatching(/^Rows, /),
    ]);
    expect(await page.locator(".plot polyline").first().getAttribute("points")).toMatch(/^0\.0,[\d.]+ /);
  });

  const screens = Object.entries(widths).flatMap(([name, width]) => themes.map((theme) => ({ name, width, theme })));

  test.each(screens)(
    "has no violation of accessibility and no sideways scrolling: $name, $theme",
    async ({ name, width, theme }) => {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme: theme });
      // Layout follows the width in the next frame.
      await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
      if (pictures) {
        await mkdir(pictures, { recursive: true });
        const clip = { x: 0, y: 0, width, height: name === "phone" ? 1300 : 1040 };
        await page.evaluate("scrollTo(0, 0)");
        await page.screenshot({ path: path.join(pictures, `console-${name}-${theme}.png`), fullPage: true, clip });
      }
      await open(true);
      expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
      await page.evaluate(axe.source);
      const { violations } = (await page.evaluate(
        "axe.run({ exclude: [`.event:nth-child(n + 6)`] })",
      )) as axe.AxeResults;
      expect(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`),
      ).toEqual([]);
      await open(false);
    },
  );

  test("works by keyboard: the first stop skips to the content, and an action asks before it is done", async () => {
    await page.setViewportSize({ width: widths.wide, height: 900 });
    await page.reload();
    await page.locator(".letter").first().waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to the content");
    const replay = page.locator(".letter", { hasText: "expired" }).getByRole("button", { name: "Replay" });
    await replay.focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Replay 7 dead letters?" });
    await dialog.waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    expect(await page.locator("#letters-note").textContent()).toContain("43 in all");
    await replay.focus();
    await page.keyboard.press("Enter");
    await dialog.getByRole("button", { name: "Replay" }).press("Enter");
    await page.getByText("Back in the queue: 7 dead letters.").waitFor();
  });

  test("shows events with source and row, and personal data only when it is switched on", async () => {
    const event = page.locator(".event", { hasText: "row25-11" }).first();
    await event.locator("summary").click();
    await event.getByText("a row of the dataset").waitFor();
    expect(await event.textContent()).toContain("The relay does not keep events that it has delivered.");
    const reason = page.locator(".letter", { hasText: "refused" });
    expect(await reason.textContent()).not.toContain("ada@example.org");
    await page.getByLabel("Show personal data").check();
    await reason.getByText("ada@example.org").waitFor();
    await page.getByRole("button", { name: "Map the samples" }).click();
    await page.getByText(/\d+ samples: \d+ become rows, 0 fail/).waitFor();
  });

  test("switches a fault on, and the parts that it breaks show it", async () => {
    await page.getByLabel("A permission is missing").check();
    await page.getByText("The fault is on.").waitFor();
    await page.getByRole("button", { name: "Check again" }).click();
    await page.getByRole("heading", { name: "Dataflow broken" }).waitFor();
    await page.getByLabel("A permission is missing").uncheck();
    await page.getByText("The fault is off.").waitFor();
  });

  test("a finding leads to its section of the runbooks, which the console itself shows", async () => {
    const [runbook] = await Promise.all([
      context.waitForEvent("page"),
      page.getByRole("link", { name: "the runbook on dead letters" }).click(),
    ]);
    await runbook.locator("h3:target").waitFor();
    expect(await runbook.locator("h3:target").textContent()).toBe("Alert dead-letters");
    expect(await runbook.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
    await runbook.evaluate(axe.source);
    const { violations } = (await runbook.evaluate("axe.run()")) as axe.AxeResults;
    expect(violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)])).toEqual([]);
    await runbook.close();
  });

  test("asks no other host for anything, and breaks no rule of its content security policy", () => {
    const { origin } = new URL(server.address);
    expect(requested.filter((url) => !url.startsWith(`${origin}/`))).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
