import { Agent, request } from "undici";
import type { ClusterAccess } from "../../../src/kube/index.ts";

export interface ApiClientRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  /** Default application/json. */
  readonly contentType?: string;
}

/** Plain requests to an API server, subresources too, for tests that look at a cluster from outside our own client. */
export interface ApiClient {
  /** The parsed answer, whatever its status. */
  readonly send: (asked: ApiClientRequest) => Promise<{ readonly status: number; readonly body: unknown }>;
  /** The parsed answer; throws where it is none of 2xx. */
  readonly json: (asked: ApiClientRequest) => Promise<Record<string, unknown>>;
  /** The lines of a watch as they come, until the signal aborts. */
  readonly lines: (path: string, signal: AbortSignal) => AsyncIterable<Record<string, unknown>>;
  readonly close: () => Promise<void>;
}

export function createApiClient({ server, ca, cert = "", key = "" }: ClusterAccess): ApiClient {
  const dispatcher = new Agent({ connect: { ca, cert, key }, bodyTimeout: 0, connections: 32 });
  const call = async ({ method, path, body, contentType = "application/json" }: ApiClientRequest) =>
    request(`${server}${path}`, {
      dispatcher,
      method,
      headers: { accept: "application/json", "content-type": contentType, "user-agent": "stand-in-kubelet" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const send: ApiClient["send"] = async (asked) => {
    const answer = await call(asked);
    return { status: answer.statusCode, body: await answer.body.json() };
  };
  return {
    send,
    json: async (asked) => {
      const { status, body } = await send(asked);
      if (status > 299) throw new Error(`${asked.method} ${asked.path}: ${status} ${JSON.stringify(body)}`);
      return body as Record<string, unknown>;
    },
    lines: async function* (path, signal) {
      const answer = await request(`${server}${path}`, { dispatcher, signal });
      let rest = "";
      for await (const bytes of answer.body.setEncoding("utf8")) {
        const lines = (rest + String(bytes)).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) yield JSON.parse(line) as Record<string, unknown>;
      }
    },
    close: () => dispatcher.destroy(),
  };
}
