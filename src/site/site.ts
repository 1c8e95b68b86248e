import type { SiteNode, SiteSpec } from "./schema.ts";

/** A checked site: defaults applied, cross references held. */
export interface Site extends Readonly<Omit<SiteSpec, "nodes">> {
  readonly nodes: readonly SiteNode[];
  /** Absolute path of site.yaml. */
  readonly file: string;
  /** Its folder; secrets and patches are relative to it. */
  readonly folder: string;
}

export function controlPlanesOf(site: Site): readonly SiteNode[] {
  return site.nodes.filter((node) => node.role === "controlplane");
}

export function workersOf(site: Site): readonly SiteNode[] {
  return site.nodes.filter((node) => node.role === "worker");
}
