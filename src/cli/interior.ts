import type { InteriorKind } from "../lab/index.ts";
import { OperatorError } from "../lib/errors/index.ts";
import type { Call } from "./command.ts";

/** What --interior or SKERRY_LAB_INTERIOR asks for. @throws OperatorError USAGE_INVALID */
export function interiorOf(call: Call): InteriorKind | undefined {
  const named = call.environment["SKERRY_LAB_INTERIOR"];
  const kind = call.flags.interior ?? (named === "" ? undefined : named);
  if (kind === undefined || kind === "contained" || kind === "modelled") return kind;
  const flag = call.flags.interior === undefined ? "SKERRY_LAB_INTERIOR" : "--interior";
  throw new OperatorError("USAGE_INVALID", `${flag} ${kind}: there is no such interior`, {
    next: [
      "--interior contained   real containerd, kubelet and etcd; Linux, root",
      "--interior modelled   runs anywhere",
    ],
  });
}
