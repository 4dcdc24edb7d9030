/** General advice for an error status that the vendor does not explain better. Every status has some. */
export function generalRemedy(status: number): string {
  switch (status) {
    case 404:
    case 410:
      return "If someone deleted it, run: npx pulumi refresh, then npx pulumi up";
    case 407:
      return "A proxy on the way asks for a login. Put it into the variable HTTPS_PROXY: http://<user>:<password>@<host>:<port>";
    case 409:
    case 412:
    case 423:
      return "Someone else is changing the same object. Run the command again when they are done.";
    case 429:
      return "Wait a few minutes, then run the command again with fewer parallel calls: npx pulumi up --parallel 4";
    default:
      return status === 408 || status >= 500
        ? "Run the command again in a few minutes. If it fails again, send this message to the vendor's support."
        : "Fix what the message names, then run the command again.";
  }
}
