import { readFile } from "node:fs/promises";
import { openBundle } from "../../src/bundle/index.ts";
import { startMirror } from "../../src/oci/index.ts";

/** What it is started with; `where` is an address and a port, default a free one of 127.0.0.1. */
export type ServeArguments = readonly [
  bundleFile: string,
  certificateFile: string,
  keyFile: string,
  ...where: string[],
];

/** The laptop mirror over a bundle, until it is killed. Prints its port. */
async function serve([
  bundleFile,
  certificateFile,
  keyFile,
  address = "127.0.0.1",
  port = "0",
]: ServeArguments): Promise<void> {
  const { signal } = new AbortController();
  const mirror = await startMirror({
    store: await openBundle(bundleFile, { signal }),
    address,
    port: Number(port),
    tls: { cert: await readFile(certificateFile, "utf8"), key: await readFile(keyFile, "utf8") },
    signal,
  });
  console.log(mirror.port);
}

if (import.meta.main) {
  const [bundleFile = "", certificateFile = "", keyFile = "", ...where] = process.argv.slice(2);
  await serve([bundleFile, certificateFile, keyFile, ...where]);
}
