import type { Condition } from "../engine/index.ts";
import type { UpContext } from "./context.ts";

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
