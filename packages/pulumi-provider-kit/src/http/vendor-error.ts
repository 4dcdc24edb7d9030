/** Why a call failed for good, in words for the user; `status` is undefined where no answer came. */
export class VendorError extends Error {
  readonly status: number | undefined;
  /** The vendor's own code, such as `XDM-1521-400`. */
  readonly code: string | undefined;
  /** Whether the vendor may have acted on the call although no clean answer came. */
  readonly outcomeUnknown: boolean;
  constructor(
    message: string,
    detail: { status?: number | undefined; code?: string | undefined; outcomeUnknown?: boolean },
  ) {
    super(message);
    this.name = "VendorError";
    this.status = detail.status;
    this.code = detail.code;
    this.outcomeUnknown = detail.outcomeUnknown ?? false;
  }

  /** The vendor says that the object does not exist; nothing else may be read as gone. */
  get gone(): boolean {
    return this.status === 404 || this.status === 410;
  }
}

/** What a vendor's error body says, as far as it could be read. */
export interface VendorComplaint {
  readonly code?: string | undefined;
  readonly detail?: string | undefined;
  readonly requestId?: string | undefined;
  /** What the user can do about it. */
  readonly remedy?: string | undefined;
}
