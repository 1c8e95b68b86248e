import type { ObjectRef } from "../../kube/index.ts";
import { type PackageReadiness, readinessOfObjects } from "./await-objects.ts";
import { componentReleases } from "./component-release.ts";
import { ownerOf } from "./deploy-component.ts";
import { openRun } from "./open-run.ts";
import { recordedObjects } from "./recorded-objects.ts";
import type { PackageRequest } from "./request.ts";
import type { Run, Site } from "./run.ts";
import { componentTemplates } from "./templates.ts";

/**
 * Looks once at every object of the package that is to be waited for: those of its releases, as they are recorded in the cluster,
 * and its health checks. Writes nothing.
 */
export async function packageReadiness(request: PackageRequest): Promise<PackageReadiness> {
  const run = await openRun(request);
  try {
    if (run.site === undefined) return { state: "ready", reason: "", objects: [] };
    const refs = await awaited(run, run.site);
    return await readinessOfObjects({ cluster: run.site.cluster, signal: run.signal }, refs);
  } finally {
    await run.close();
  }
}

async function awaited(run: Run, site: Site): Promise<readonly ObjectRef[]> {
  const refs: ObjectRef[] = [];
  for (const component of run.definition.components) {
    const files = await run.pkg.component(component.name, { signal: run.signal });
    const templates = componentTemplates(run, component);
    for (const release of componentReleases({ owner: ownerOf(run, site), component, files, templates })) {
      if (!release.noWait) refs.push(...((await recordedObjects(site.cluster, release, run)) ?? [missing(release)]));
    }
    for (const { apiVersion, kind, namespace, name } of component.healthChecks)
      refs.push({ apiVersion, kind, name, ...(namespace === "" ? {} : { namespace }) });
  }
  return refs;
}

/** Until it is recorded nothing of a release is there; the record itself is what is missing then. */
function missing({ name, namespace }: { readonly name: string; readonly namespace: string }): ObjectRef {
  return { apiVersion: "v1", kind: "Secret", namespace, name: `sh.helm.release.v1.${name}.v1` };
}
