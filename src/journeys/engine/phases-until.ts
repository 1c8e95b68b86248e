import { OperatorError } from "../../lib/errors/index.ts";
import type { Phase } from "./types.ts";

/**
 * The phases up to and with the one named; all where none is named.
 *
 * @throws OperatorError PHASE_UNKNOWN with the names there are
 */
export function phasesUntil<Context>(
  phases: readonly Phase<Context>[],
  until: string | undefined,
): readonly Phase<Context>[] {
  if (until === undefined) return phases;
  const last = phases.findIndex((phase) => phase.id === until);
  if (last === -1) {
    throw new OperatorError("PHASE_UNKNOWN", `there is no phase "${until}" in this journey`, {
      next: [`name one of: ${phases.map((phase) => phase.id).join(", ")}`],
    });
  }
  return phases.slice(0, last + 1);
}
