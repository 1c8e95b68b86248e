import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { NodeSpace } from "./namespaces.ts";

const INGEST = "/var/lib/containerd/io.containerd.content.v1.content/ingest";
const POLL_MS = 250;

/**
 * Tells of the layers that containerd is downloading, as its content store has them on disk: one folder per download with its bytes, its
 * size and its name.
 *
 * @param namespace - containerd's: `k8s.io`
 * @returns a function that stops telling
 */
export function watchIngest(
  space: NodeSpace,
  namespace: string,
  progress: (layer: string, offsetBytes: number, totalBytes: number) => void,
): () => void {
  const timer = setInterval(() => {
    for (const entry of entriesOf(space.path(INGEST))) {
      const found = readIngest(entry);
      if (found?.name.startsWith(`${namespace}/`) !== true) continue;
      const layer = /(?:layer|config)-(sha256:[0-9a-f]{64})$/.exec(found.name)?.[1];
      if (layer !== undefined) progress(layer, found.offsetBytes, found.totalBytes);
    }
  }, POLL_MS);
  return () => clearInterval(timer);
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** undefined when the download was over before it was read. */
function readIngest(folder: string) {
  try {
    return {
      name: readFileSync(join(folder, "ref"), "utf8"),
      offsetBytes: statSync(join(folder, "data")).size,
      totalBytes: Number(readFileSync(join(folder, "total"), "utf8")),
    };
  } catch {
    return undefined;
  }
}
