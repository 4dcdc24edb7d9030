/** What the command line itself colors its output with: red, green, yellow, and the end of a color. */
const colors = new Set(["\u001b[31m", "\u001b[32m", "\u001b[33m", "\u001b[39m"]);

/** A control character other than the end of a line and a tab, and what follows it if that could be a color. */
const controls = /[^\P{Cc}\n\t](\[\d+m)?/gu;

/**
 * A text as a terminal may get it. What a vendor says may repeat part of an event, such as the words of a stranger's mail server, and a
 * control character in it could rewrite the screen, hide what follows, or change the window's title or the clipboard.
 */
export function terminalText(text: string): string {
  return text.replaceAll(controls, (found) => (colors.has(found) ? found : `\ufffd${found.slice(1)}`));
}
