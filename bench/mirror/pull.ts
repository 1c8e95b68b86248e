import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";

export interface PullRequest {
  readonly origin: string;
  readonly ca: string;
  readonly blobs: readonly { readonly path: string; readonly sizeBytes: number }[];
  readonly clients: number;
}

/** Pullers in a process of their own: for every request that comes, all blobs once, so many at a time; answers the seconds. */
export function servePulls(): void {
  process.on("message", (wanted: PullRequest) => {
    void (async () => process.send?.(await pullAll(wanted)))();
  });
}

async function pullAll({ origin, ca, blobs, clients }: PullRequest): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients, ca });
  const left = [...blobs];
  const start = performance.now();
  const puller = async (): Promise<void> => {
    for (let blob = left.pop(); blob !== undefined; blob = left.pop()) {
      const [response] = (await once(request(`${origin}${blob.path}`, { agent }).end(), "response")) as [
        IncomingMessage,
      ];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      await once(response, "end");
      if (response.statusCode !== 200 || bytes !== blob.sizeBytes) throw new Error(`${blob.path}: ${bytes} bytes`);
    }
  };
  await Promise.all(Array.from({ length: clients }, puller));
  const seconds = (performance.now() - start) / 1000;
  agent.destroy();
  return seconds;
}
