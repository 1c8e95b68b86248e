import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { isOperatorError } from "../../lib/errors/index.ts";
import type { Cluster } from "../cluster.ts";
import type { ClusterAccess } from "../kubeconfig.ts";
import { choosePod, type PodPort } from "./choose-pod.ts";
import type { ForwardTarget, PortForward } from "./streams.ts";
import { broken, openWebSocket, type WebSocket } from "./web-socket.ts";

const protocols = ["v4.channel.k8s.io"];
const channels = { data: 0, error: 1 } as const;

/** Opens a loopback port that leads to a pod; see KubeStreams. */
export async function portForward(
  given: {
    readonly access: ClusterAccess;
    readonly cluster: Pick<Cluster, "get" | "list">;
    readonly target: ForwardTarget;
  },
  call: { readonly signal: AbortSignal },
): Promise<PortForward> {
  const { access, cluster, target } = given;
  const closing = new AbortController();
  const signal = AbortSignal.any([call.signal, closing.signal]);
  const sockets = new Set<Socket>();
  let brokenBy: Error | undefined;
  let pod = await choosePod(cluster, target, { signal });

  const open = async (): Promise<WebSocket> => {
    try {
      return await openStream(access, pod, signal);
    } catch (error) {
      // Behind a Service another pod may have taken over.
      if (target.kind === "Pod" || !isOperatorError(error)) throw error;
      pod = await choosePod(cluster, target, { signal });
      return await openStream(access, pod, signal);
    }
  };
  // Said now and not in the middle of what goes through: that it is not allowed, or that the node is gone.
  (await open()).close();

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // Whoever connected sees a broken connection; why, is told by `brokenBy`.
    socket.on("error", () => undefined);
    carry(socket, open).catch((error: unknown) => {
      // Known before the connection ends, so that whoever sees it end can ask.
      if (!signal.aborted && error instanceof Error) brokenBy = error;
      socket.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const close = async (): Promise<void> => {
    call.signal.removeEventListener("abort", onAbort);
    closing.abort();
    for (const socket of sockets) socket.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, "close");
  };
  const onAbort = (): void => void close();
  call.signal.addEventListener("abort", onAbort, { once: true });
  if (call.signal.aborted) await close();
  call.signal.throwIfAborted();
  const { port } = server.address() as AddressInfo;
  return { host: "127.0.0.1", port, brokenBy: () => brokenBy, close };
}

async function openStream(access: ClusterAccess, pod: PodPort, signal: AbortSignal): Promise<WebSocket> {
  const path = `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/${encodeURIComponent(pod.pod)}/portforward`;
  const doing = { verb: "reach", object: nameOf(pod) };
  return await openWebSocket(access, { path: `${path}?ports=${pod.port}`, protocols, doing }, { signal });
}

/** Carries one connection to its end. */
async function carry(socket: Socket, open: () => Promise<WebSocket>): Promise<void> {
  const stream = await open();
  socket.once("close", () => stream.close());
  if (socket.destroyed) stream.close();
  void sendAll(socket, stream);
  try {
    await receiveAll(socket, stream);
  } finally {
    stream.close();
  }
  socket.end();
}

async function sendAll(socket: Socket, stream: WebSocket): Promise<void> {
  const channel = Uint8Array.of(channels.data);
  try {
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) await stream.send(channel, chunk as Buffer);
  } catch {
    // Either side broke; the reading side tells why, if it was the stream.
    stream.close();
  }
}

/** Each channel begins with the number of its port; then come bytes for us, or the reason why there are none. */
async function receiveAll(socket: Socket, stream: WebSocket): Promise<void> {
  const begun = new Set<number>();
  for await (const message of stream.messages) {
    const [channel = channels.error] = message;
    const isFirst = !begun.has(channel);
    begun.add(channel);
    const payload = message.subarray(isFirst ? 3 : 1);
    if (payload.length === 0) continue;
    if (channel !== channels.data) throw broken("port-forward", payload.toString("utf8").slice(0, 500).trim());
    if (!socket.writable) return;
    if (!socket.write(payload)) await Promise.race([once(socket, "drain"), once(socket, "close")]);
  }
}

const nameOf = ({ namespace, pod, port }: PodPort): string => `Pod/${namespace}/${pod}:${port}`;
