import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

const CONNECT_MS = 2000;

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface TcpForwarder {
  readonly close: () => Promise<void>;
}

/**
 * Passes TCP connections on to the first of some servers that answers, as a load balancer does. Without one the connection is cut.
 *
 * @param targets - asked for every connection, in order of preference
 * @throws the system's error when the address is taken
 */
export async function startTcpForwarder(at: Endpoint, targets: () => readonly Endpoint[]): Promise<TcpForwarder> {
  const sockets = new Set<Socket>();
  const reach = async (): Promise<Socket | undefined> => {
    for (const target of targets()) {
      const socket = await dial(target);
      if (socket !== undefined) return socket;
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
  server.listen(at.port, at.host);
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

function dial(target: Endpoint): Promise<Socket | undefined> {
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
