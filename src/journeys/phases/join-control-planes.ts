import { OperatorError } from "../../lib/errors/index.ts";
import { controlPlanesOf, type Site, type SiteNode } from "../../site/index.ts";
import type { EtcdMember } from "../../talos/api/index.ts";
import { bootOf } from "../boot-of.ts";
import { definePhase, type Step } from "../engine/index.ts";
import { type EtcdSight, lookAtEtcd } from "../etcd-sight.ts";
import { withAdmin } from "../node-sights.ts";
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

function isLearner(etcd: readonly EtcdSight[], node: SiteNode): boolean {
  return etcd.some((sight) =>
    sight.members.some(
      (member) => member.isLearner && (member.hostname === node.name || hasAddress(member.peerUrls, node)),
    ),
  );
}

/** A member that has not started yet has no name of its own. */
function nameOf(site: Site, { hostname, peerUrls, isLearner }: EtcdMember): string {
  const known = controlPlanesOf(site).find((node) => hasAddress(peerUrls, node))?.name;
  return `${hostname === "" ? (known ?? peerUrls.join(" ")) : hostname}${isLearner ? " (learner)" : ""}`;
}

/** In which boot a machine was first seen to be a learner, and when. */
interface Joining {
  boot: string | undefined;
  sinceMs: number | undefined;
}

/** Talos itself tries for 10 minutes. */
const PATIENCE_MS = 11 * 60_000;

/**
 * Talos asks for the promotion of its member only in the boot in which it joined: one that started again meanwhile stays a learner, and no
 * other can join beside it. The data of its etcd tell it that it has joined.
 *
 * @see https://github.com/siderolabs/talos internal/app/machined/pkg/system/services/etcd.go: learnerMemberID
 */
async function stuckLearner(
  context: UpContext,
  node: SiteNode,
  joining: Joining,
  signal: AbortSignal,
): Promise<OperatorError | undefined> {
  const keys = remembered(context, "keys");
  const boot = await withAdmin(node, keys, context.ports, async (client) => await bootOf(client, signal));
  const now = context.world.clock.now().getTime();
  joining.boot ??= boot;
  joining.sinceMs ??= now;
  const isAnother = boot !== undefined && boot !== joining.boot;
  if (!isAnother && now - joining.sinceMs < PATIENCE_MS) return undefined;
  return new OperatorError(
    "ETCD_LEARNER_STUCK",
    isAnother
      ? `${node.name} started again while it joined etcd, and stays a learner: nobody asks for its promotion`
      : `${node.name} stays a learner of etcd: most likely it started again while it joined, and nobody asks for its promotion`,
    {
      where: { node: node.name },
      next: [
        `talosctl etcd members                 finds the id of ${node.name}`,
        "talosctl etcd remove-member ID        on another control plane: a learner has no vote, nothing is lost",
        `talosctl reset --nodes ${node.address} --graceful=false --reboot --system-labels-to-wipe EPHEMERAL`,
        "then run the command again: it joins from the beginning",
      ],
      retry: "later",
    },
  );
}

function waitForMember(context: UpContext, node: SiteNode, provisional: boolean): Step {
  const joining: Joining = { boot: undefined, sinceMs: undefined };
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
        if (isLearner(etcd, node)) {
          const error = await stuckLearner(context, node, joining, signal);
          if (error !== undefined) return { kind: "failed", reason: error.message, error };
        }
        const names = etcd[0]?.members.map((member) => nameOf(context.site, member)) ?? [];
        return {
          kind: "waiting",
          reason: names.length === 0 ? "etcd does not answer" : `members so far: ${names.join(", ")}`,
        };
      },
    }),
  };
}
