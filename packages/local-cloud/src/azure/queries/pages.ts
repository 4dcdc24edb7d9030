import type { MiddlewareHandler } from "hono";

/** Azure chooses how long a page is. It is short here, so that a caller that reads only the first one is noticed. */
const pageLength = 2;

/** Lists that Azure's REST references describe without `nextLink`. */
const unpaged = /\/(?:skus|usages)$/i;

/** Answers lists in pages, the next of which is at `nextLink` (Azure Resource Manager, "Common API details": pagination). */
export const inPages: MiddlewareHandler = async (context, next) => {
  await next();
  const { method, url } = context.req;
  if (method !== "GET" || context.res.status !== 200 || unpaged.test(context.req.path)) return;
  const answer = (await context.res.clone().json()) as { readonly value?: unknown };
  if (!Array.isArray(answer.value)) return;
  context.res = Response.json({ ...answer, ...pageOf(answer.value, new URL(url)) });
};

/** A page of a list, and the address of the next one. */
export function pageOf<T>(all: readonly T[], url: URL): { value: T[]; nextLink: string | null } {
  const start = Number(url.searchParams.get("$skiptoken") ?? 0);
  const end = start + pageLength;
  const following = new URL(url);
  following.searchParams.set("$skiptoken", String(end));
  return { value: all.slice(start, end), nextLink: end < all.length ? following.href : null };
}
