/** An error from Azure Resource Manager. The message has the form that azure-native shows. */
export class ArmError extends Error {
  readonly status: number;
  readonly code: string;
  /** Azure's own message, without status and code. */
  readonly detail: string;
  /** Further parts of Azure's answer: `target`, `additionalInfo`. */
  readonly more: object;
  constructor(status: number, code: string, detail: string, more: object = {}) {
    super(`Status=${status} Code="${code}" Message="${detail}"`);
    this.name = "ArmError";
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.more = more;
  }
}
