/** What a user can do about an error answer that its vendor explains no better; every status has something. */
export function generalRemedy(status: number): string {
  switch (status) {
    case 404:
    case 410:
      return "If it was deleted by hand, run: npx pulumi refresh, then npx pulumi up";
    case 409:
    case 412:
    case 423:
      return "Somebody else changes the same object at this time; run the command again when that has ended.";
    case 429:
      return "Wait some minutes, then run the command again, with fewer calls at a time: npx pulumi up --parallel 4";
    default:
      return status === 408 || status >= 500
        ? "Run the command again in some minutes; if it fails again, hand this message to the vendor's support."
        : "Correct what is named here, then run the command again.";
  }
}
