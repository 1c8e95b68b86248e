import { createBundle } from "../../src/bundle/index.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { bundleOptions } from "./bundles.ts";

/** Makes a bundle in a process of its own, which a test can kill: API root, folder, images. Tells of each chunk on stdout, by its digest. */
const [apiRoot = "", folder = "", ...images] = process.argv.slice(2);
const options = bundleOptions({ apiRoot }, folder, {
  closureImages: images.map((reference) => ({ reference, why: ["test"] })),
  concurrency: 1,
  clock: systemClock,
});
await createBundle({
  ...options,
  source: (reference) => {
    const { client, repository } = options.source(reference);
    const fetchBlob: typeof client.fetchBlob = async function* (name, descriptor, call) {
      for await (const chunk of client.fetchBlob(name, descriptor, call)) {
        process.stdout.write(`${descriptor.digest}\n`);
        yield chunk;
      }
    };
    return { client: { ...client, fetchBlob }, repository };
  },
});
