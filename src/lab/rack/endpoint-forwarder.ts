import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

const PORT = 6443;
const CONNECT_MS = 2000;

export interface EndpointForwarder {
  readonly close: () => Promise<void>;
}

/**
 * Stands for the site's endpoint, as a load balancer or a virtual IP does: passes TCP connections on to a control plane whose API
 * server listens. Without one the connection is cut.
 *
 * @throws the system's error when the address is taken
 */
export async function startEndpointForwarder(
  address: string,
  controlPlanes: readonly string[],
): Promise<EndpointForwarder> {
  const sockets = new Set<Socket>();
  let preferred = 0;
  const reach = async (): Promise<Socket | undefined> => {
    for (let tried = 0; tried < controlPlanes.length; tried += 1) {
      const index = (preferred + tried) % controlPlanes.length;
      const target = await dial(controlPlanes[index] ?? "");
      if (target === undefined) continue;
      // In turn, so that the API servers share the load.
      preferred = index + 1;
      return target;
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
  server.listen(PORT, address);
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
  // The other side may go at any time; the "close" that follows ends the pair.
  socket.on("error", () => socket.destroy());
}

function dial(address: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port: PORT, host: address, allowHalfOpen: true });
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
