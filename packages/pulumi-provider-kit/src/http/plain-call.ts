/** What a URL answered. */
export interface PlainAnswer {
  /** Undefined where no answer came; `text` then says why. */
  readonly status: number | undefined;
  /** The beginning of the body, as it is: up to 2,000 characters. */
  readonly text: string;
}

/**
 * One call as the real caller would make it: not repeated, without following redirects, and any answer is one. It
 * doesn't throw.
 *
 * @param options.timeout milliseconds
 */
export async function plainCall(options: {
  method: "GET" | "POST";
  url: string;
  body?: Buffer;
  headers?: Record<string, string>;
  timeout: number;
  signal?: AbortSignal;
}): Promise<PlainAnswer> {
  const { body, ...rest } = options;
  // Loaded when it is needed, as in http.ts.
  const { default: axios } = await import("axios");
  try {
    const { status, data } = await axios.request<string>({
      ...rest,
      data: body,
      maxRedirects: 0,
      responseType: "text",
      transformResponse: (text: string) => text,
      validateStatus: () => true,
    });
    return { status, text: data.trim().slice(0, 2_000) };
  } catch (error) {
    return { status: undefined, text: axios.isAxiosError(error) ? (error.code ?? error.message) : String(error) };
  }
}
