import { Agent, request } from "undici";
import type { EtcdMember } from "../../interior.ts";
import { list, mapping, text, texts } from "../read-values.ts";

/** PEM */
export interface EtcdCredentials {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** The cluster calls of one etcd, over the JSON gateway that etcd serves on its client port. */
export interface EtcdClient {
  readonly members: (options: { readonly signal: AbortSignal }) => Promise<readonly EtcdMember[]>;
  readonly addLearner: (peerUrl: string, options: { readonly signal: AbortSignal }) => Promise<void>;
  readonly promote: (id: bigint, options: { readonly signal: AbortSignal }) => Promise<void>;
  /** Whether it serves: a leader is known and no alarm is raised. */
  readonly healthy: (options: { readonly signal: AbortSignal }) => Promise<boolean>;
  readonly close: () => Promise<void>;
}

const TIMEOUT_MS = 5000;
const MAX_ANSWER_BYTES = 1024 * 1024;

/** @param url - `https://127.0.4.10:2379` */
export function createEtcdClient(url: string, credentials: EtcdCredentials): EtcdClient {
  const agent = new Agent({ connect: { ...credentials, timeout: TIMEOUT_MS }, headersTimeout: TIMEOUT_MS });
  const call = async (path: string, body: unknown, signal: AbortSignal): Promise<unknown> => {
    const answer = await request(`${url}${path}`, {
      dispatcher: agent,
      method: "POST",
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const value = parse(await readText(answer.body));
    if (answer.statusCode !== 200) throw new Error(text(mapping(value)["message"]) ?? `status ${answer.statusCode}`);
    return value;
  };
  return {
    members: async ({ signal }) =>
      list(mapping(await call("/v3/cluster/member/list", {}, signal))["members"]).map((member) => {
        const value = mapping(member);
        return {
          id: BigInt(text(value["ID"]) ?? "0"),
          hostname: text(value["name"]) ?? "",
          peerUrls: texts(value["peerURLs"]),
          clientUrls: texts(value["clientURLs"]),
          isLearner: value["isLearner"] === true,
        };
      }),
    addLearner: async (peerUrl, { signal }) => {
      await call("/v3/cluster/member/add", { peerURLs: [peerUrl], isLearner: true }, signal);
    },
    promote: async (id, { signal }) => {
      await call("/v3/cluster/member/promote", { ID: id.toString() }, signal);
    },
    healthy: async ({ signal }) => {
      const answer = await request(`${url}/health?serializable=true`, {
        dispatcher: agent,
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      return mapping(parse(await readText(answer.body)))["health"] === "true";
    },
    close: () => agent.destroy(),
  };
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_ANSWER_BYTES) throw new Error("the answer of etcd is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(content: string): unknown {
  try {
    return JSON.parse(content) as unknown;
  } catch {
    return undefined;
  }
}
