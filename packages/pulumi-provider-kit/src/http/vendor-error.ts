/** Why a call failed after all retries, described for the user. `status` is undefined if there was no answer. */
export class VendorError extends Error {
  readonly status: number | undefined;
  /** The vendor's own code, such as `XDM-1521-400`. */
  readonly code: string | undefined;
  /** Whether the vendor may have acted on the call although there was no clear answer. */
  readonly outcomeUnknown: boolean;
  /** Whether the answer took too long: the vendor may still be acting on the call. */
  readonly timedOut: boolean;
  constructor(
    message: string,
    detail: { status?: number | undefined; code?: string | undefined; outcomeUnknown?: boolean; timedOut?: boolean },
  ) {
    super(message);
    this.name = "VendorError";
    this.status = detail.status;
    this.code = detail.code;
    this.outcomeUnknown = detail.outcomeUnknown ?? false;
    this.timedOut = detail.timedOut ?? false;
  }

  /** Whether the vendor says that the object does not exist. Nothing else may count as gone. */
  get gone(): boolean {
    return this.status === 404 || this.status === 410;
  }
}

/** The parsed content of a vendor's error body. */
export interface VendorComplaint {
  readonly code?: string | undefined;
  readonly detail?: string | undefined;
  readonly requestId?: string | undefined;
  /** What the user can do about it. */
  readonly remedy?: string | undefined;
}
