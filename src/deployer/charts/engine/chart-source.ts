import { OperatorError } from "../../../lib/errors/index.ts";
import type { ChartSource } from "./chart-engine.ts";
import type { JsonObject } from "./json-object.ts";

/** A release record, which holds the chart packed, must fit into 1 MiB. */
const MAX_PACKED_BYTES = 20 * 1024 * 1024;
/** As the engine itself limits what it unpacks. */
const MAX_FOLDER_BYTES = 50 * 1024 * 1024;
const MAX_FILES = 10_000;

export interface FramedChart {
  readonly chart: JsonObject;
  readonly attachments: readonly Uint8Array[];
}

/**
 * The chart of a request: bytes go along as they are, the JSON says where each file begins and ends.
 *
 * @throws OperatorError CHART_TOO_LARGE
 */
export function frameChart(source: ChartSource): FramedChart {
  if (source instanceof Uint8Array) {
    if (source.length > MAX_PACKED_BYTES) throw tooLarge(`the packed chart has ${source.length} bytes`);
    return { chart: { archive: [0, source.length] }, attachments: [source] };
  }
  if (source.files.size > MAX_FILES) throw tooLarge(`the chart has ${source.files.size} files`);
  const files: JsonObject[] = [];
  let offset = 0;
  for (const [name, bytes] of source.files) {
    files.push({ name, at: [offset, bytes.length] });
    offset += bytes.length;
  }
  if (offset > MAX_FOLDER_BYTES) throw tooLarge(`the chart's files have ${offset} bytes`);
  return { chart: { files }, attachments: [...source.files.values()] };
}

function tooLarge(what: string): OperatorError {
  return new OperatorError("CHART_TOO_LARGE", `${what}, more than is read`, {
    next: ["Take out of the chart what its templates do not need (.helmignore names it)."],
  });
}
