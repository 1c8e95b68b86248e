import type { SiteNode } from "../../site/index.ts";

const again = "skerry up   goes on where it stopped";

/** What to do about a machine that never answered. */
export const nextForSilent = (node: SiteNode, address: string): readonly string[] => [
  `check power and cable of ${node.name}, and that it was booted from Talos: its console shows its address`,
  `compare that address with ${address} in site.yaml`,
  again,
];

/** What to do about a machine that does not go on. */
export const nextAtNode = (node: SiteNode): readonly string[] => [
  `look at the console of ${node.name}: it shows what it waits for`,
  again,
];

/** What to do about something in the cluster that does not become ready. */
export const nextInCluster: readonly string[] = [
  "skerry status   shows what does not run, and images that nodes cannot pull",
  again,
];
