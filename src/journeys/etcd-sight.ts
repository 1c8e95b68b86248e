import { isOperatorError } from "../lib/errors/index.ts";
import { controlPlanesOf, type Site } from "../site/index.ts";
import type { EtcdMember } from "../talos/api/index.ts";
import { withAdmin } from "./node-sights.ts";
import type { NodePorts } from "./ports.ts";
import type { SiteKeys } from "./site-keys.ts";

/** etcd as one control plane tells it. */
export interface EtcdSight {
  readonly node: string;
  readonly members: readonly EtcdMember[];
}

/** EtcdMemberList hangs while etcd is not up (facts of Talos 1.13.9), so the question is short. */
const ASK_MS = 3_000;

/** What each control plane that has etcd says of its members; empty: no etcd anywhere that answers. */
export async function lookAtEtcd(
  site: Site,
  keys: SiteKeys,
  options: { readonly signal: AbortSignal; readonly ports: NodePorts },
): Promise<readonly EtcdSight[]> {
  const answers = await Promise.all(
    controlPlanesOf(site).map(async (node): Promise<EtcdSight | undefined> => {
      try {
        return await withAdmin(node, keys, options.ports, async (client) => ({
          node: node.name,
          members: await client.etcdMembers({ signal: options.signal, deadlineMs: ASK_MS }),
        }));
      } catch (error) {
        options.signal.throwIfAborted();
        if (isOperatorError(error)) return undefined;
        throw error;
      }
    }),
  );
  return answers.filter((answer): answer is EtcdSight => answer !== undefined && answer.members.length > 0);
}
