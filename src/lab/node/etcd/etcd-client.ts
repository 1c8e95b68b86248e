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
  readonly remove: (id: bigint, options: { readonly signal: AbortSignal }) => Promise<void>;
  /** The backend as a bbolt file, followed by its SHA-256; throws when the stream breaks off. */
  readonly snapshot: (options: { readonly signal: AbortSignal }) => AsyncIterable<Uint8Array>;
  /** Whether it serves: a leader is known and no alarm is raised. */
  readonly healthy: (options: { readonly signal: AbortSignal }) => Promise<boolean>;
  readonly close: () => Promise<void>;
}

/** etcd answered with an error. */
export class EtcdError extends Error {
  /** Of gRPC; 2 where etcd named none. */
  readonly code: number;

  constructor(message: string, code: number) {
    super(message);
    this.code = code;
  }
}

function refusal(answer: unknown, statusCode: number): EtcdError {
  const { message, code } = mapping(answer);
  return new EtcdError(text(message) ?? `status ${statusCode}`, typeof code === "number" ? code : 2);
}

const TIMEOUT_MS = 5000;
/** The client of etcd that Talos has asks so by default: a member that is cut off from the others does not know, and does not answer. */
const asTalosAsks = { linearizable: true };
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
    if (answer.statusCode !== 200) throw refusal(value, answer.statusCode);
    return value;
  };
  return {
    members: async ({ signal }) =>
      list(mapping(await call("/v3/cluster/member/list", asTalosAsks, signal))["members"]).map((member) => {
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
    remove: async (id, { signal }) => {
      await call("/v3/cluster/member/remove", { ID: id.toString() }, signal);
    },
    snapshot: async function* ({ signal }) {
      const answer = await request(`${url}/v3/maintenance/snapshot`, {
        dispatcher: agent,
        method: "POST",
        body: "{}",
        signal,
      });
      let remaining: string | undefined;
      for await (const line of linesOf(answer.body)) {
        const value = mapping(parse(line));
        const result = mapping(value["result"]);
        if (value["result"] === undefined) throw refusal(value["error"] ?? value, answer.statusCode);
        // The gateway leaves a zero out.
        remaining = text(result["remaining_bytes"]) ?? "0";
        yield Buffer.from(text(result["blob"]) ?? "", "base64");
      }
      if (remaining !== "0") throw new Error("etcd's snapshot broke off");
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

/** Lines of an answer, each bounded. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of body) {
    // Base64 and JSON of etcd's are plain ASCII here.
    rest += Buffer.from(chunk).toString("latin1");
    if (rest.length > MAX_ANSWER_BYTES) throw new Error("a line in the answer of etcd is too long");
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line !== "");
  }
  if (rest !== "") yield rest;
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
