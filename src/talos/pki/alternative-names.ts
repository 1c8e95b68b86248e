import { isIP } from "node:net";

/** Tells names from addresses, each once, in the order given. */
export function splitNames(names: readonly string[]): {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
} {
  const unique = [...new Set(names)];
  return {
    dnsNames: unique.filter((name) => isIP(name) === 0),
    ipAddresses: unique.filter((name) => isIP(name) !== 0),
  };
}
