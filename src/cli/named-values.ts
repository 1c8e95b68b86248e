import { OperatorError } from "../lib/errors/index.ts";

/**
 * NAME=VALUE pairs as a table; the last of a name counts.
 *
 * @param flag - for messages: "--set"
 */
export function namedValues(pairs: readonly string[], flag: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      const name = pair.slice(0, at);
      if (at < 1 || !/^\w+$/.test(name))
        throw new OperatorError("USAGE_INVALID", `${flag}: give NAME=VALUE`, {
          next: [`${flag} DOMAIN=windpark-7.example   is the form`],
        });
      return [name.toUpperCase(), pair.slice(at + 1)];
    }),
  );
}
