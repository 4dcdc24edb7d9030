import { callOnce, type PlainAnswer } from "pulumi-provider-kit/http";

/** What answered a post, and how long it took. */
export interface PostAnswer extends PlainAnswer {
  readonly milliseconds: number;
}

/** Milliseconds: more than twice as long as Customer.io waits, to distinguish a slow answer from none. */
const timeout = 10_000;

/** Posts JSON as Customer.io does: once, without following redirects. */
export async function post(url: string, body: Buffer, headers: Record<string, string>): Promise<PostAnswer> {
  const start = performance.now();
  const answer = await callOnce({
    method: "POST",
    url,
    body,
    headers: { ...headers, "content-type": "application/json" },
    timeout,
  });
  return { ...answer, milliseconds: Math.round(performance.now() - start) };
}
