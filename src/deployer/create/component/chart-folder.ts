import { buffer } from "node:stream/consumers";
import { OperatorError } from "../../../lib/errors/index.ts";
import { chartLimitBytes } from "../fetch/fetch-chart.ts";
import { readFolder } from "../stage/read-folder.ts";

/** The files of a chart folder in memory, by path below it; at most 100 MiB. */
export async function readChartFolder(folder: string, signal: AbortSignal): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  let sizeBytes = 0;
  for (const [inner, entry] of await readFolder(folder, { signal })) {
    if (entry.type !== "file" || inner.startsWith(".git/")) continue;
    sizeBytes += entry.sizeBytes;
    if (sizeBytes > chartLimitBytes)
      throw new OperatorError(
        "PACKAGE_SOURCE_UNUSABLE",
        `the chart ${folder} is larger than ${chartLimitBytes} bytes`,
        {
          where: { file: folder },
          next: ["take out of the folder what does not belong to the chart, or name it in .helmignore"],
        },
      );
    files.set(inner, await buffer(entry.open({ signal })));
  }
  return files;
}
