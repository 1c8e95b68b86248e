import { existsSync } from "node:fs";
import { openBundle } from "../bundle/index.ts";
import { createChartEngine } from "../deployer/index.ts";
import { connectCluster, connectStreams } from "../kube/index.ts";
import { readTextFile, writeFileWhole } from "../lib/files.ts";
import { readSecretVariables } from "../site/index.ts";
import { connectNode, probeNode } from "../talos/api/index.ts";
import { mirrorAddress } from "./mirror-address.ts";
import type { JourneyPorts } from "./ports.ts";
import { loadSiteKeys, mintSiteKeys, saveSiteKeys } from "./site-keys.ts";
import { serveBundle } from "./up/served-mirror.ts";

/** The nodes, cluster, mirror and files of the site itself. */
export const realPorts: JourneyPorts = {
  connectNode,
  probeNode,
  connectCluster,
  connectStreams,
  openBundle,
  createEngine: createChartEngine,
  readSecrets: readSecretVariables,
  mirrorAddress,
  serveBundle,
  keys: { load: loadSiteKeys, mint: mintSiteKeys, save: saveSiteKeys },
  readText: readTextFile,
  texts: {
    find: async (file) => (existsSync(file) ? await readTextFile(file) : undefined),
    write: async (file, text) => await writeFileWhole(file, text, { mode: 0o600 }),
  },
};
