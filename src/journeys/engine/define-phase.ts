import type { Phase, PhaseSpec } from "./types.ts";

/** Closes a phase over its facts: what `observe` sees goes to `plan` and to nobody else. */
export function definePhase<Context, Facts>(spec: PhaseSpec<Context, Facts>): Phase<Context> {
  return {
    id: spec.id,
    title: spec.title,
    look: async (context, options) => {
      const facts = await spec.observe(context, options);
      options.signal.throwIfAborted();
      return spec.plan(context, facts);
    },
    ...(spec.close === undefined ? {} : { close: spec.close }),
  };
}
