import { lookAtCluster } from "./cluster-sight.ts";

/** What is true of a rack's cluster, as JSON; started where its machines can be reached. Its arguments: site.yaml, state folder. */
const [siteFile = "", stateFolder = ""] = process.argv.slice(2);
const sight = await lookAtCluster({ siteFile, stateFolder }, { signal: AbortSignal.timeout(60_000) });
console.log(JSON.stringify(sight));
