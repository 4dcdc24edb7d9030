import type { SendTableRequest } from "../../relay/azure/storage/tables.ts";

/**
 * Makes a request by the proxy that `HTTPS_PROXY` names, unless `NO_PROXY` excludes the host. The relay's own requests ignore these
 * variables, since it runs in Azure.
 */
export const sendByProxy: SendTableRequest = async (url, { method, headers, body, limit }) => {
  // Loaded on demand: commands that read no table start sooner without it.
  const { default: axios } = await import("axios");
  try {
    const answer = await axios.request<string>({
      url: url.href,
      method,
      headers: { ...headers },
      data: body,
      signal: limit,
      maxRedirects: 0,
      responseType: "text",
      transformResponse: (text: string) => text,
      validateStatus: () => true,
    });
    return { status: answer.status, headers: answer.headers as Record<string, string>, text: answer.data };
  } catch (error) {
    if (limit.aborted) throw limit.reason;
    // Without axios' own properties, such as the request with its token.
    const { message, code } = error as { message: string; code?: string };
    throw Object.assign(new Error(message), { code });
  }
};
