import { OperatorError } from "../../lib/errors/index.ts";
import type { NetworkWait } from "./action.ts";
import type { NetworkProbe } from "./action-context.ts";

/**
 * One look at an address: a TCP connection, or an HTTP answer with the code asked for (200 where none is; the certificate must be
 * one that this machine trusts).
 *
 * @throws OperatorError ACTION_UNSUPPORTED for a protocol or a code that is none
 */
export function networkLook(
  { protocol, address, code }: NetworkWait,
  probe: NetworkProbe,
): (signal: AbortSignal) => Promise<string | undefined> {
  const scheme = protocol.toLowerCase();
  const expected = code === undefined || code === 0 ? 200 : code;
  if (scheme === "tcp") return (signal) => probe.tcp(address, { signal });
  if (scheme !== "http" && scheme !== "https")
    throw new OperatorError(
      "ACTION_UNSUPPORTED",
      `a wait for ${protocol}/${address}: only tcp, http and https are known`,
    );
  if (expected !== "success" && (expected < 100 || expected > 599))
    throw new OperatorError("ACTION_UNSUPPORTED", `a wait for ${protocol}/${address}: ${expected} is no HTTP status`);
  return (signal) => probe.http(`${scheme}://${address}`, expected, { signal });
}
