/** Colors, which are the command line's own, or another control character than the end of a line and a tab. */
const controls = /\p{Cc}\[[\d;]*m|[^\P{Cc}\n\t]/gu;

/**
 * A text as a terminal may get it. What a vendor says may repeat part of an event, such as the words of a stranger's mail server, and a
 * control character in it could rewrite the screen, the window's title or the clipboard.
 */
export function terminalText(text: string): string {
  return text.replaceAll(controls, (found) => (found.length > 1 ? found : "\ufffd"));
}
