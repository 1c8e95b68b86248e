import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import type { Socket } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { withDeadline } from "../../lib/deadline.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { type Doing, statusError } from "../api/status-error.ts";
import { transportError } from "../api/transport-error.ts";
import type { ClusterAccess } from "../kubeconfig.ts";

export interface Upgrade {
  /** With query: "/api/v1/namespaces/demo/pods/web/exec?command=true" */
  readonly path: string;
  /** Subprotocols, the best first. */
  readonly protocols: readonly string[];
  readonly doing: Doing;
  /** For the answer of the server; default 30 000. */
  readonly timeoutMs?: number;
}

export interface Upgraded {
  readonly socket: Socket;
  /** Bytes that came with the answer. */
  readonly head: Buffer;
  readonly protocol: string;
}

const maxAnswerBytes = 1 << 20;
const acceptSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * Turns one connection to the API server into a WebSocket. A refusal is translated like any answer of the server.
 *
 * @throws OperatorError KUBE_*
 * @see https://www.rfc-editor.org/rfc/rfc6455#section-4.1
 */
export async function upgrade(
  access: ClusterAccess,
  wanted: Upgrade,
  { signal }: { readonly signal: AbortSignal },
): Promise<Upgraded> {
  const what = `${wanted.doing.verb} ${wanted.doing.object} at ${new URL(access.server).host}`;
  return await withDeadline(wanted.timeoutMs ?? 30_000, { signal, what }, async (inner) => {
    inner.throwIfAborted();
    try {
      return await ask(access, wanted, inner);
    } catch (error) {
      inner.throwIfAborted();
      throw transportError(error, `${wanted.doing.verb} ${wanted.doing.object}`, access.server);
    }
  });
}

async function ask(access: ClusterAccess, wanted: Upgrade, signal: AbortSignal): Promise<Upgraded> {
  const { ca, cert, key, token, tlsServerName } = access;
  const nonce = randomBytes(16).toString("base64");
  const sent = request(new URL(access.server.replace(/\/+$/, "") + wanted.path), {
    // A connection of its own: it lasts as long as the stream.
    agent: false,
    ca,
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(tlsServerName === undefined
      ? {}
      : {
          checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
            checkServerIdentity(tlsServerName, certificate),
        }),
    signal,
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": nonce,
      "sec-websocket-protocol": wanted.protocols.join(", "),
      "user-agent": "skerry",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
  });
  return await new Promise<Upgraded>((resolve, reject) => {
    sent.on("error", reject);
    sent.once("response", (answer) => {
      refusal(answer, wanted.doing).then(reject, reject);
    });
    sent.once("upgrade", (answer, socket, head) => {
      const problem = problemOf(answer, wanted, nonce);
      if (problem === undefined) {
        resolve({ socket, head, protocol: answer.headers["sec-websocket-protocol"] ?? "" });
        return;
      }
      socket.destroy();
      reject(
        new OperatorError("KUBE_ANSWER_INVALID", `${wanted.doing.verb} ${wanted.doing.object}: ${problem}`, {
          next: ["check that nothing between this laptop and the API server changes its answers"],
          retry: "later",
        }),
      );
    });
    sent.end();
  });
}

async function refusal(answer: IncomingMessage, doing: Doing): Promise<OperatorError> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxAnswerBytes) break;
    chunks.push(chunk as Buffer);
  }
  return statusError(answer.statusCode ?? 0, parseJson(Buffer.concat(chunks).toString("utf8")), doing);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Old endpoints answer in words; the status says what it means.
    return undefined;
  }
}

function problemOf(answer: IncomingMessage, wanted: Upgrade, nonce: string): string | undefined {
  const accept = createHash("sha1").update(`${nonce}${acceptSuffix}`).digest("base64");
  if (answer.statusCode !== 101 || answer.headers["sec-websocket-accept"] !== accept) {
    return "what answers does not speak the protocol of streams";
  }
  const chosen = answer.headers["sec-websocket-protocol"];
  if (chosen === undefined || !wanted.protocols.includes(chosen)) {
    return `the server knows none of ${wanted.protocols.join(", ")}; Kubernetes 1.30 is the oldest that does`;
  }
  return undefined;
}
