import { readFile } from "node:fs/promises";
import { openBundle } from "../../src/bundle/index.ts";
import { startMirror } from "../../src/oci/index.ts";

/** The laptop mirror over a bundle, until it is killed: `BUNDLE CERTIFICATE KEY`. Prints its port. */
const { signal } = new AbortController();
const [bundleFile = "", certificateFile = "", keyFile = ""] = process.argv.slice(2);
const mirror = await startMirror({
  store: await openBundle(bundleFile, { signal }),
  address: "127.0.0.1",
  port: 0,
  tls: { cert: await readFile(certificateFile, "utf8"), key: await readFile(keyFile, "utf8") },
  signal,
});
console.log(mirror.port);
