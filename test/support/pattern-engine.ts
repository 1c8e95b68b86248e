import { OperatorError } from "../../src/lib/errors/index.ts";

/** Stands in for the chart engine where only patterns matter; for patterns in which Go and JavaScript agree. */
export const patternEngine = {
  matchesPattern: async (pattern: string, value: string): Promise<boolean> => {
    try {
      return await Promise.resolve(new RegExp(pattern, "u").test(value));
    } catch (error) {
      throw new OperatorError("CHART_PATTERN_INVALID", `${pattern} is not a pattern`, { cause: error });
    }
  },
};
