import { createHash } from "node:crypto";
import { rawChartName } from "./raw-release.ts";

/** Name of the release that Zarf makes of a manifest; the same here, so that both tools mean the same thing by it. */
export function releaseName(packageName: string, component: string, manifest: string): string {
  return `zarf-${createHash("sha1")
    .update(rawChartName(packageName, component, manifest))
    .digest("hex")}`;
}
