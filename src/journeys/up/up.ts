import { loadSite } from "../../site/index.ts";
import type { Journal, Journey } from "../engine/index.ts";
import { applyConfigs } from "../phases/apply-configs.ts";
import { bootstrapEtcd } from "../phases/bootstrap-etcd.ts";
import { checkDisks } from "../phases/check-disks.ts";
import { deployPackages } from "../phases/deploy-packages.ts";
import { fetchKubeconfig } from "../phases/fetch-kubeconfig.ts";
import { findNodes } from "../phases/find-nodes.ts";
import { joinControlPlanes } from "../phases/join-control-planes.ts";
import { keepKeys } from "../phases/keep-keys.ts";
import { renderConfigs } from "../phases/render-configs.ts";
import { serveMirror } from "../phases/serve-mirror.ts";
import { verifyBundle } from "../phases/verify-bundle.ts";
import { waitForApiServer } from "../phases/wait-for-api-server.ts";
import { waitForInstall } from "../phases/wait-for-install.ts";
import { waitForNodes } from "../phases/wait-for-nodes.ts";
import { waitForSystemPods } from "../phases/wait-for-system-pods.ts";
import { waitForTalos } from "../phases/wait-for-talos.ts";
import { realPorts } from "../real-ports.ts";
import { trustOf } from "../trusted-keys.ts";
import type { JourneyWorld } from "../world.ts";
import type { UpContext } from "./context.ts";
import { reportUp, type UpReport } from "./report.ts";

export interface UpRequest {
  readonly siteFile: string;
  readonly bundleFile: string;
  /** `STATE/sites/NAME`, there, 0700. */
  readonly stateFolder: string;
  readonly journal: Journal;
}

/** Bare machines to a running cluster: the whole life of a site on one screen. */
export async function up(request: UpRequest, world: JourneyWorld): Promise<Journey<UpContext, UpReport>> {
  const site = await loadSite(request.siteFile);
  const ports = world.ports ?? realPorts;
  const bundle = await ports.openBundle(request.bundleFile, { signal: world.signal, trust: await trustOf(site) });
  const { stateFolder, journal } = request;
  return {
    id: "up",
    subject: site.name,
    context: { site, bundle, stateFolder, journal, world, ports, memory: {} },
    phases: [
      verifyBundle,
      keepKeys,
      serveMirror,
      findNodes,
      checkDisks,
      renderConfigs,
      applyConfigs,
      waitForInstall,
      bootstrapEtcd,
      joinControlPlanes,
      waitForTalos,
      fetchKubeconfig,
      waitForApiServer,
      deployPackages("before-ready"),
      waitForNodes,
      waitForSystemPods,
      deployPackages("after-ready"),
    ],
    report: reportUp,
  };
}
