import type { SiteNode } from "../../site/index.ts";
import type { Condition } from "../engine/index.ts";
import { lookAtEtcd } from "../etcd-sight.ts";
import { remembered, type UpContext } from "./context.ts";

/**
 * A wait that names those of the control planes whose etcd does not answer while that of others does: they hear nothing of the others, or
 * have no power, and what is waited for may wait for them.
 */
export function namingCutOff(context: UpContext, controlPlanes: readonly SiteNode[], condition: Condition): Condition {
  return {
    ...condition,
    check: async (options) => {
      const state = await condition.check(options);
      if (state.kind !== "waiting" || controlPlanes.length === 0) return state;
      const { site, ports } = context;
      const answering = (await lookAtEtcd(site, remembered(context, "keys"), { ...options, ports })).map(
        ({ node }) => node,
      );
      const silent = controlPlanes.map(({ name }) => name).filter((name) => !answering.includes(name));
      if (answering.length === 0 || silent.length === 0) return state;
      return {
        kind: "waiting",
        reason: `${state.reason}; the etcd of ${silent.join(", ")} does not answer, that of ${answering.join(", ")} does: cut off from them?`,
      };
    },
  };
}
