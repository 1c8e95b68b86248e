import type { SiteNode } from "../../site/index.ts";
import type { Condition } from "../engine/index.ts";
import type { UpContext } from "./context.ts";
import { hopeless, pullTrouble } from "./pull-trouble.ts";

/** A wait for something that needs the mirror: it ends at once when the bundle turns out to be damaged or gone. */
export function whileMirrorServes(context: UpContext, condition: Condition): Condition {
  return {
    ...condition,
    check: async (options) => {
      const error = context.memory.mirror?.problem();
      return error === undefined ? await condition.check(options) : { kind: "failed", reason: error.message, error };
    },
  };
}

/**
 * A wait for a machine that pulls from the mirror, as `whileMirrorServes`: says why the machine does not get an image, in its own words, and
 * ends where waiting will not help.
 */
export function whileItPulls(context: UpContext, node: SiteNode, condition: Condition): Condition {
  return whileMirrorServes(context, {
    ...condition,
    check: async (options) => {
      const state = await condition.check(options);
      if (state.kind !== "waiting") return state;
      const trouble = await pullTrouble(context, node, options);
      if (trouble === undefined) return state;
      const error = hopeless(context, node, trouble);
      if (error !== undefined) return { kind: "failed", reason: error.message, error };
      return { kind: "waiting", reason: `${state.reason}; ${trouble.words}` };
    },
  });
}
