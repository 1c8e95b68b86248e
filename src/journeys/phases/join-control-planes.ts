import { controlPlanesOf, type SiteNode } from "../../site/index.ts";
import { definePhase, type Step } from "../engine/index.ts";
import { type EtcdSight, lookAtEtcd } from "../etcd-sight.ts";
import { remembered, type UpContext } from "../up/context.ts";
import { nextAtNode } from "../up/next-steps.ts";
import { waitsMs } from "../up/waits.ts";
import { whileItPulls } from "../up/while-mirror-serves.ts";

/** The other control planes join etcd by themselves, one learner at a time; here that is waited for. */
export const joinControlPlanes = definePhase<UpContext, readonly EtcdSight[]>({
  id: "join-etcd",
  title: "Wait for etcd members",
  observe: async (context, { signal }) =>
    await lookAtEtcd(context.site, remembered(context, "keys"), { signal, ports: context.ports }),
  plan: (context, etcd) => {
    const missing = controlPlanesOf(context.site).filter((node) => !isMember(etcd, node));
    return missing.length === 0 ? [] : [missing.map((node) => waitForMember(context, node, etcd.length === 0))];
  },
});

function isMember(etcd: readonly EtcdSight[], node: SiteNode): boolean {
  return etcd.some((sight) =>
    sight.members.some(
      (member) => !member.isLearner && (member.hostname === node.name || hasAddress(member.peerUrls, node)),
    ),
  );
}

function hasAddress(peerUrls: readonly string[], node: SiteNode): boolean {
  return peerUrls.some((url) => new URL(url).hostname.replace(/^\[|\]$/g, "") === node.address);
}

function waitForMember(context: UpContext, node: SiteNode, provisional: boolean): Step {
  return {
    id: `join-etcd/${node.name}`,
    title: `wait for ${node.name} to be a voting member of etcd`,
    target: { kind: "node", name: node.name },
    effect: "wait",
    inputs: {},
    ...(provisional ? { provisional: "after Bootstrap etcd" } : {}),
    apply: async () => {},
    until: whileItPulls(context, node, {
      description: `${node.name} is a voting member of etcd`,
      deadlineMs: waitsMs.join,
      next: nextAtNode(node),
      check: async ({ signal }) => {
        const etcd = await lookAtEtcd(context.site, remembered(context, "keys"), { signal, ports: context.ports });
        if (isMember(etcd, node)) return { kind: "ready" };
        const names =
          etcd[0]?.members.map((member) => `${member.hostname}${member.isLearner ? " (learner)" : ""}`) ?? [];
        return {
          kind: "waiting",
          reason: names.length === 0 ? "etcd does not answer" : `members so far: ${names.join(", ")}`,
        };
      },
    }),
  };
}
