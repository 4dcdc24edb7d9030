/** What answered a post, and how long it took. */
export interface PostAnswer {
  /** Undefined where no answer came; `text` then says why. */
  readonly status: number | undefined;
  readonly text: string;
  readonly milliseconds: number;
}

/** Milliseconds: more than twice what Customer.io waits, so that a slow answer can be told from none. */
const timeout = 10_000;

/** Posts JSON as Customer.io does: once, without following redirects. */
export async function post(url: string, body: Buffer, headers: Record<string, string>): Promise<PostAnswer> {
  const { default: axios } = await import("axios");
  const start = performance.now();
  const elapsed = () => Math.round(performance.now() - start);
  try {
    const { status, data } = await axios.post<string>(url, body, {
      headers: { ...headers, "content-type": "application/json" },
      timeout,
      maxRedirects: 0,
      responseType: "text",
      transformResponse: (text: string) => text,
      validateStatus: () => true,
    });
    return { status, text: data.trim().slice(0, 300), milliseconds: elapsed() };
  } catch (error) {
    const text = axios.isAxiosError(error) ? (error.code ?? error.message) : String(error);
    return { status: undefined, text, milliseconds: elapsed() };
  }
}
