import type { Problem } from "../lib/errors/index.ts";
import type { SiteSpec } from "./schema.ts";

export type PathInFile = readonly (string | number)[];

/**
 * What a schema cannot say: names and addresses are unique, there is a control plane, one control plane is its own endpoint
 * or has one. Pure; every problem is found in one go.
 *
 * @param where - gives `file:line:column` of a path in the document
 */
export function checkSite(site: SiteSpec, where: (path: PathInFile) => string): readonly Problem[] {
  const problems: Problem[] = [];
  const report = (path: PathInFile, message: string) => problems.push({ message, where: { file: where(path) } });
  const seen = new Map<string, string>();
  const once = (path: PathInFile, what: string, value: string, owner: string) => {
    const first = seen.get(`${what} ${value}`);
    if (first === undefined) seen.set(`${what} ${value}`, owner);
    else if (first === owner) return;
    else
      report(path, what === "name" ? `two nodes are named ${value}` : `${owner} has the ${what} ${value} of ${first}`);
  };

  site.nodes.forEach((node, index) => {
    const owner = what(site, index);
    once(["nodes", index, "name"], "name", node.name, owner);
    once(["nodes", index, "address"], "address", node.address, owner);
    if (node.maintenanceAddress !== undefined)
      once(["nodes", index, "maintenanceAddress"], "address", node.maintenanceAddress, owner);
    if (node.link !== undefined) once(["nodes", index, "link"], "link", node.link, owner);
  });

  const controlPlanes = site.nodes.filter((node) => node.role === "controlplane");
  if (controlPlanes.length === 0) report(["nodes"], "no node has the role controlplane");
  if (site.virtualIP) {
    site.nodes.forEach((node, index) => {
      if (node.role === "controlplane" && node.link === undefined)
        report(
          ["nodes", index],
          `${node.name} needs its link (a MAC address) to carry the virtual IP ${site.endpoint}`,
        );
      if (node.address === site.endpoint)
        report(["nodes", index, "address"], `the virtual IP ${site.endpoint} cannot be ${node.name}'s own address`);
    });
  } else if (controlPlanes.length > 1 && controlPlanes.some((node) => node.address === site.endpoint)) {
    report(
      ["endpoint"],
      `${site.endpoint} is one control plane's own address: the cluster would end with that machine; give a load balancer, or a free address with virtualIP: true`,
    );
  }
  return problems;
}

/** A node's place in the list keeps two entries with one name apart. */
function what(site: SiteSpec, index: number): string {
  const node = site.nodes[index];
  const twin = site.nodes.findIndex((other) => other.name === node?.name) !== index;
  return twin ? `${node?.name} (nodes[${index}])` : (node?.name ?? `nodes[${index}]`);
}
