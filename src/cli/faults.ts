import { OperatorError } from "../lib/errors/index.ts";

interface Schema<T> {
  readonly safeParse: (value: unknown) => { readonly success: boolean; readonly data?: T | undefined };
}

/** How a fault's last word is named, by its kind, and what it is where it may be left out. */
const details: Readonly<Record<string, { readonly key: string; readonly isNumber: boolean; readonly usual?: number }>> =
  {
    "drop-connections": { key: "count", isNumber: true },
    "slow-disk": { key: "factor", isNumber: true },
    "lose-power": { key: "at", isNumber: false },
    clock: { key: "offsetSeconds", isNumber: true },
    "full-disk": { key: "bytes", isNumber: true, usual: 300_000_000 },
    loss: { key: "percent", isNumber: true },
    delay: { key: "milliseconds", isNumber: true },
  };

/**
 * "lose-power=cp-1:installing" as a fault.
 *
 * @param schema - the lab's, which is only loaded when a command needs it
 * @throws OperatorError USAGE_INVALID
 */
export function faultOf<T>(text: string, schema: Schema<T>): T {
  const [, kind = "", nodes = "", how] = /^([a-z-]+)=([^:=]+)(?::(.+))?$/.exec(text) ?? [];
  const detail = details[kind];
  const [node, ...others] = nodes.split(",");
  const group = kind === "partition" ? { with: others } : {};
  const value = how === undefined ? detail?.usual : detail?.isNumber === true ? Number(how) : how;
  const named = detail === undefined || value === undefined ? {} : { [detail.key]: value };
  const isKnown = (detail !== undefined || how === undefined) && (kind === "partition" || others.length === 0);
  const { data } = schema.safeParse({ kind, node, ...group, ...named });
  if (data !== undefined && isKnown) return data;
  throw new OperatorError("USAGE_INVALID", `${text}: this is no fault`, {
    next: [
      "dead=w-1   never answers; also wrong-serial=NODE and refuse-install=NODE",
      "drop-connections=w-1:3   cuts that many; also slow-disk=NODE:FACTOR and clock=NODE:SECONDS",
      "lose-power=cp-1:installing   also applying, rebooting, booting, running",
      "partition=cp-1,w-1   cuts these off from the other machines; contained racks only, like the next",
      "loss=w-1:20   in a hundred packets; also delay=NODE:MILLISECONDS, unplug=NODE and full-disk=NODE:BYTES",
    ],
  });
}
