import { existsSync, lstatSync, readFileSync, readlinkSync } from "node:fs";
import type { NodeSpace } from "./namespaces.ts";

const CURRENT = "/var/lib/kubelet/pki/kubelet-client-current.pem";

/**
 * The kubelet's certificate and key, which stand in one file; undefined until it has one. The file is a link with a path of the node's own
 * root, which cannot be followed from outside.
 */
export function clientCertificate(space: NodeSpace): string | undefined {
  const current = space.path(CURRENT);
  const link = lstatSync(current, { throwIfNoEntry: false });
  if (link === undefined) return undefined;
  const file = link.isSymbolicLink() ? space.path(readlinkSync(current)) : current;
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
