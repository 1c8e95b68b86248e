import { startTcpForwarder, type TcpForwarder } from "../node/tcp-forwarder.ts";

const PORT = 6443;

/**
 * Stands for the site's endpoint, as a load balancer or a virtual IP does: passes connections on to a control plane whose API server
 * listens, in turn, so that the API servers share the load.
 *
 * @throws the system's error when the address is taken
 */
export async function startEndpointForwarder(address: string, controlPlanes: readonly string[]): Promise<TcpForwarder> {
  let first = 0;
  return startTcpForwarder({ host: address, port: PORT }, () => {
    first += 1;
    const start = first % controlPlanes.length;
    return [...controlPlanes.slice(start), ...controlPlanes.slice(0, start)].map((host) => ({ host, port: PORT }));
  });
}
