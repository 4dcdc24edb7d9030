/** An error as Azure Resource Manager gives it; the message reads as azure-native shows it. */
export class ArmError extends Error {
  readonly status: number;
  readonly code: string;
  /** Azure's own message, without status and code. */
  readonly detail: string;
  constructor(status: number, code: string, detail: string) {
    super(`Status=${status} Code="${code}" Message="${detail}"`);
    this.name = "ArmError";
    this.status = status;
    this.code = code;
    this.detail = detail;
  }
}
