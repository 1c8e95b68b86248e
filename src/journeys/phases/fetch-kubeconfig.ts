import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { isOperatorError } from "../../lib/errors/index.ts";
import { controlPlanesOf, type SiteNode } from "../../site/index.ts";
import { issueTalosClient, writeTalosconfig } from "../../talos/pki/index.ts";
import { definePhase, type Step } from "../engine/index.ts";
import { kubeconfigFits } from "../kubeconfig-fits.ts";
import { withAdmin } from "../node-sights.ts";
import { remembered, type UpContext } from "../up/context.ts";

interface Facts {
  readonly kubeconfig: boolean;
  readonly talosconfig: boolean;
}

export const kubeconfigFile = (stateFolder: string) => join(stateFolder, "kubeconfig");
export const talosconfigFile = (stateFolder: string) => join(stateFolder, "talosconfig");

/** A kubeconfig from the cluster and a talosconfig of our own making, both 0600 in the site's state folder. */
export const fetchKubeconfig = definePhase<UpContext, Facts>({
  id: "kubeconfig",
  title: "Fetch kubeconfig",
  observe: async ({ stateFolder, site, world, memory, ports }) => {
    const kept = await ports.texts.find(kubeconfigFile(stateFolder));
    const authority = memory.keys?.talos.certs.k8s.certificatePem ?? "";
    return {
      kubeconfig:
        kept !== undefined &&
        kubeconfigFits(kept, { endpoint: site.endpoint, authorityPem: authority, now: world.clock.now() }),
      talosconfig: (await ports.texts.find(talosconfigFile(stateFolder))) !== undefined,
    };
  },
  plan: (context, facts) => {
    const steps: Step[] = [];
    if (!facts.kubeconfig) {
      steps.push({
        id: "kubeconfig/kubeconfig",
        title: `fetch ${kubeconfigFile(context.stateFolder)}`,
        target: { kind: "file", name: "kubeconfig" },
        effect: "create",
        inputs: { endpoint: context.site.endpoint },
        provisional: "after Bootstrap etcd",
        apply: async ({ signal }) => {
          const text = await fromAnyControlPlane(context, signal);
          await context.ports.texts.write(kubeconfigFile(context.stateFolder), text);
        },
      });
    }
    if (!facts.talosconfig) {
      steps.push({
        id: "kubeconfig/talosconfig",
        title: `write ${talosconfigFile(context.stateFolder)}`,
        target: { kind: "file", name: "talosconfig" },
        effect: "create",
        inputs: { site: context.site.name },
        apply: async () => await context.ports.texts.write(talosconfigFile(context.stateFolder), talosconfig(context)),
      });
    }
    return steps.length === 0 ? [] : [steps];
  },
});

function talosconfig(context: UpContext): string {
  const { site, world } = context;
  const { talos } = remembered(context, "keys");
  return writeTalosconfig({
    context: site.name,
    endpoints: controlPlanesOf(site).map((node) => node.address),
    nodes: site.nodes.map((node) => node.address),
    authorityPem: talos.certs.os.certificatePem,
    client: issueTalosClient(talos.certs.os, {}, { clock: world.clock, random: randomBytes }),
  });
}

async function fromAnyControlPlane(context: UpContext, signal: AbortSignal): Promise<string> {
  const nodes: readonly SiteNode[] = controlPlanesOf(context.site);
  for (const [index, node] of nodes.entries()) {
    try {
      return await withAdmin(
        node,
        remembered(context, "keys"),
        context.ports,
        async (client) => await client.kubeconfig({ signal }),
      );
    } catch (error) {
      if (index === nodes.length - 1 || !isOperatorError(error)) throw error;
    }
  }
  throw new Error("a checked site has a control plane");
}
