import { gunzipSync } from "node:zlib";
import { OperatorError } from "../../lib/errors/index.ts";
import type { Data } from "./gen/common/common_pb.ts";

/** A kubeconfig is some kilobytes; what is larger is not one. */
const MAX_BYTES = 1024 * 1024;

/**
 * The file out of the archive that the Kubeconfig call streams: gzip of one tar header and the file's bytes. Talos neither
 * pads the file nor ends the archive, so a tar reader would call it truncated.
 */
export async function kubeconfigFrom(node: string, stream: AsyncIterable<Data>): Promise<string> {
  const invalid = (why: string, cause?: unknown) =>
    new OperatorError("NODE_ANSWER_INVALID", `the kubeconfig from ${node} ${why}`, {
      where: { node },
      retry: "same",
      cause,
    });
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of stream) {
    bytes += piece.bytes.length;
    if (bytes > MAX_BYTES) throw invalid(`is longer than ${MAX_BYTES} bytes`);
    pieces.push(piece.bytes);
  }
  const tar = unpack(Buffer.concat(pieces), (cause) => invalid("does not unpack", cause));
  const name = tar.toString("latin1", 0, 100).replace(/\0.*$/s, "");
  const size = Number.parseInt(tar.toString("latin1", 124, 136), 8);
  if (name !== "kubeconfig" || !(size >= 0) || tar.length < 512 + size) throw invalid("is not the archive of one file");
  return tar.toString("utf8", 512, 512 + size);
}

/** At once: it is a few kilobytes, and nothing that happens at the same time may overtake it in a rehearsal. */
function unpack(archive: Buffer, failure: (cause: unknown) => OperatorError): Buffer {
  try {
    return gunzipSync(archive, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    throw failure(error);
  }
}
