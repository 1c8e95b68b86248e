import { chooseBundle, chooseSite } from "../choose-site.ts";
import type { Handler } from "../command.ts";
import { formatBytes } from "../quantities.ts";
import { worldOf } from "../world.ts";

/** `skerry mirror serve` */
export const mirrorServe: Handler = async (call) => {
  const { siteFile, bundleFolders } = await chooseSite(call);
  const bundleFile = await chooseBundle(call, bundleFolders);
  const { stderr } = call.terminal;
  call.onInterrupt(() => "the mirror");
  const journeys = await import("../../journeys/index.ts");
  const { requests, bytes } = await journeys.mirrorServe(
    {
      siteFile,
      bundleFile,
      onReady: ({ url, images }) => stderr.write(`${bundleFile}: ${images} images at ${url}. Ctrl-C stops.\n`),
      onRequest: ({ node, method, path, status, bytes: sent }) => {
        if (call.flags.verbose) stderr.write(`${node}  ${method} ${path} ${status} ${formatBytes(sent)}\n`);
      },
    },
    worldOf(call),
  );
  // Being stopped is how this command ends: that is no failure.
  return { exit: 0, text: `Served ${requests} requests, ${formatBytes(bytes)}.` };
};
