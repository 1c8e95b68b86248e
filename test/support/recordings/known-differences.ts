import type { ZarfDifferenceId } from "../../../docs/reference/generator/zarf-differences.ts";
import type { Difference } from "./differences.ts";

/** How a difference of the reference page looks when it is met. */
type Pattern = (difference: Difference, place: Place) => boolean;

export interface Place {
  /** `deploy-connected/files` */
  readonly recording: string;
  /** Of the step. */
  readonly label: string;
}

const patterns: Readonly<Partial<Record<ZarfDifferenceId, Pattern>>> = {};

/** The differences of the reference page that this one is; none: nobody has given a reason for it. */
export function reasonsOf(difference: Difference, place: Place): readonly ZarfDifferenceId[] {
  const all = Object.entries(patterns) as [ZarfDifferenceId, Pattern][];
  return all.filter(([, isMet]) => isMet(difference, place)).map(([id]) => id);
}
