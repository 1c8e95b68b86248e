import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { KUBE_PRISM } from "./kubelet-config.ts";

const CONNECT_MS = 2000;

export interface KubePrism {
  readonly close: () => Promise<void>;
}

/**
 * Talos' KubePrism: passes connections to the node's loopback on to an API server that answers, the last one that did first.
 *
 * @param targets - asked for every connection, in order of preference: the endpoint, then control planes
 * @throws the system's error when the port is taken
 */
export async function startKubePrism(
  targets: () => readonly { readonly host: string; readonly port: number }[],
): Promise<KubePrism> {
  const sockets = new Set<Socket>();
  let preferred: string | undefined;
  const reach = async (): Promise<Socket | undefined> => {
    const all = [...targets()].sort((a, b) => Number(b.host === preferred) - Number(a.host === preferred));
    for (const target of all) {
      const socket = await dial(target);
      if (socket === undefined) continue;
      preferred = target.host;
      return socket;
    }
    return undefined;
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    track(sockets, client);
    void reach().then((target) => {
      if (target === undefined || client.destroyed) {
        client.destroy();
        target?.destroy();
        return;
      }
      track(sockets, target);
      client.once("close", () => target.destroy());
      target.once("close", () => client.destroy());
      client.pipe(target);
      target.pipe(client);
    });
  });
  server.listen(KUBE_PRISM.port, KUBE_PRISM.host);
  await once(server, "listening");
  return {
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function track(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.setNoDelay(true);
  socket.once("close", () => sockets.delete(socket));
  socket.on("error", () => socket.destroy());
}

function dial(target: { readonly host: string; readonly port: number }): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ ...target, allowHalfOpen: true });
    const done = (result: Socket | undefined) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      if (result === undefined) socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => done(undefined), CONNECT_MS);
    socket.once("connect", () => done(socket));
    socket.once("error", () => done(undefined));
  });
}
