/** The answer from a URL. */
export interface PlainAnswer {
  /** Undefined if there was no answer; `text` then says why. */
  readonly status: number | undefined;
  /** The first 2,000 characters of the body. */
  readonly text: string;
  /** Of the answer, by their names in lower case; absent if there was none. */
  readonly headers?: Readonly<Record<string, unknown>>;
}

/**
 * Makes one call as the real caller would: without retries or redirects, and any status is an answer. Never
 * throws.
 *
 * @param options.timeout milliseconds
 */
export async function callOnce(options: {
  method: "GET" | "POST";
  url: string;
  body?: Buffer;
  headers?: Record<string, string>;
  timeout: number;
  signal?: AbortSignal;
}): Promise<PlainAnswer> {
  const { body, ...rest } = options;
  // Loaded on demand, as in http.ts.
  const { default: axios } = await import("axios");
  try {
    const { status, data, headers } = await axios.request<string>({
      ...rest,
      data: body,
      maxRedirects: 0,
      responseType: "text",
      transformResponse: (text: string) => text,
      validateStatus: () => true,
    });
    return { status, text: data.trim().slice(0, 2_000), headers: { ...headers } };
  } catch (error) {
    return { status: undefined, text: axios.isAxiosError(error) ? (error.code ?? error.message) : String(error) };
  }
}
