import type { GitHttpRequest, GitHttpResponse, HttpClient } from "isomorphic-git";

/** How isomorphic-git reaches a server: with fetch, so that a signal ends it. */
export function gitHttp(signal: AbortSignal): HttpClient {
  return {
    request: async ({ url, method = "GET", headers = {}, body }: GitHttpRequest): Promise<GitHttpResponse> => {
      const sent = body === undefined ? undefined : await joined(body);
      const response = await fetch(url, { method, headers, signal, ...(sent === undefined ? {} : { body: sent }) });
      const found: Record<string, string> = {};
      for (const [name, value] of response.headers) found[name] = value;
      return {
        url: response.url,
        method,
        statusCode: response.status,
        statusMessage: response.statusText,
        headers: found,
        body: chunks(response.body),
      };
    },
  };
}

async function joined(body: AsyncIterableIterator<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
}

async function* chunks(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  for await (const chunk of body) yield chunk;
}
