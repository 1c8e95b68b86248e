import pLimit from "p-limit";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { type DiskFacts, kindOf, loadSite, matchDisks, type SiteNode } from "../../site/index.ts";
import { readDisks } from "../node-disks.ts";
import { lookAtNode, withAdmin, withMaintenance } from "../node-sights.ts";
import { realPorts as ports } from "../real-ports.ts";
import { loadSiteKeys, type SiteKeys } from "../site-keys.ts";
import type { JourneyWorld } from "../world.ts";

/** One disk in a table. */
export interface DiskRow {
  readonly node: string;
  readonly path?: string;
  readonly sizeBytes?: number;
  readonly type?: string;
  readonly model?: string;
  readonly serial?: string;
  readonly wwid?: string;
  /** "will be erased and installed", "read-only", or why there is nothing to show. */
  readonly note?: string;
}

/**
 * The disks of a site's machines, and which of them its selector means.
 *
 * @param request.node - only this one; default all
 * @throws OperatorError NODE_UNKNOWN
 */
export async function disksLook(
  request: { readonly siteFile: string; readonly node?: string },
  world: JourneyWorld,
): Promise<{ readonly site: string; readonly disks: readonly DiskRow[] }> {
  const site = await loadSite(request.siteFile);
  const wanted = site.nodes.filter((node) => request.node === undefined || node.name === request.node);
  if (wanted.length === 0) {
    throw new OperatorError("NODE_UNKNOWN", `${site.name} has no node named ${request.node}`, {
      next: [`its nodes are ${site.nodes.map((node) => node.name).join(", ")}`],
    });
  }
  const keys = await loadSiteKeys(site, world.clock);
  const limit = pLimit(world.concurrency);
  const rows = await Promise.all(wanted.map((node) => limit(async () => await diskRows(node, keys, world))));
  return { site: site.name, disks: rows.flat() };
}

async function diskRows(
  node: SiteNode,
  keys: SiteKeys | undefined,
  { signal }: JourneyWorld,
): Promise<readonly DiskRow[]> {
  const sight = await lookAtNode(node, keys, { signal, ports });
  if (sight.kind === "unreachable") return [{ node: node.name, note: sight.reason }];
  if (sight.kind === "foreign") return [{ node: node.name, note: sight.error.message }];
  if (sight.kind === "configured" && keys === undefined) {
    return [{ node: node.name, note: "it is configured already, and this site has no secrets to ask it with" }];
  }
  try {
    const disks =
      sight.kind === "maintenance" || keys === undefined
        ? await withMaintenance(node, ports, async (client) => await readDisks(client, { signal }))
        : await withAdmin(node, keys, ports, async (client) => await readDisks(client, { signal }));
    const meant = matchDisks(node.disk, disks);
    return disks.map((disk) => diskRow(node, disk, noteOf(disk, meant, sight.kind === "maintenance")));
  } catch (error) {
    signal.throwIfAborted();
    if (isOperatorError(error)) return [{ node: node.name, note: error.message }];
    throw error;
  }
}

function diskRow(node: SiteNode, disk: DiskFacts, note: string | undefined): DiskRow {
  const { devPath: path, sizeBytes, model, serial, wwid } = disk;
  const type = kindOf(disk);
  return { node: node.name, path, sizeBytes, type, model, serial, wwid, ...(note === undefined ? {} : { note }) };
}

function noteOf(disk: DiskFacts, meant: readonly DiskFacts[], isBlank: boolean): string | undefined {
  if (disk.cdrom) return "CD-ROM";
  if (disk.readonly) return "read-only";
  if (!meant.includes(disk)) return undefined;
  if (meant.length > 1) return `one of ${meant.length} that site.yaml's selector matches`;
  return isBlank ? "will be erased and installed" : "site.yaml means this one";
}
