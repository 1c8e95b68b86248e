import { OperatorError } from "../lib/errors/index.ts";
import type { Call } from "./command.ts";

/** HOST=URL pairs as a table, from registry to API root. */
export function overridesOf(call: Call): Readonly<Record<string, string>> {
  return Object.fromEntries(
    call.flags.registryOverride.map((pair) => {
      const [host = "", ...rest] = pair.split("=");
      const url = rest.join("=");
      if (!/^[a-z0-9.:-]+$/i.test(host) || !/^https?:\/\/[^\s@]+$/.test(url)) {
        throw new OperatorError("USAGE_INVALID", `--registry-override ${host}: give HOST=URL, without credentials`, {
          next: ["--registry-override docker.io=https://cache.example:5000   is the form"],
        });
      }
      return [host, url];
    }),
  );
}
