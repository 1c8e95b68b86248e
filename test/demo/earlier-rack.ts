import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RackListing } from "../../src/lab/index.ts";

/**
 * Why a rack that has the demo's name cannot be used by this demo; undefined where it can.
 *
 * @param folder - where the demo keeps its definition
 */
export async function strangenessOf(known: RackListing, folder: string): Promise<string | undefined> {
  const mine = join(folder, "site.yaml");
  if (known.sourceSite !== mine) return `was made from ${known.sourceSite}, not by this demo`;
  if (!known.kubernetes) return "was started without Kubernetes";
  if (known.interior === "contained" && process.getuid?.() !== 0) return "is contained, so that it needs root";
  const written = await readFile(mine, "utf8").catch(() => "");
  const wanted = await readFile("bundles/demo/site.yaml", "utf8");
  return written === wanted ? undefined : "was made by the demo of another version, whose site was another";
}
