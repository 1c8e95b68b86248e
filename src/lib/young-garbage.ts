import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type Collect = (options: { readonly type: "minor" }) => void;

/** So many bytes of a network's chunks may wait for the garbage collector. */
const LIMIT_BYTES = 4 * 1024 * 1024;

let collect: Collect | undefined;
let passedBytes = 0;

/**
 * Tells that so many bytes of network chunks were done with, and has the young generation collected now and then. The memory of a
 * chunk is outside of V8's heap and does not make it collect any sooner: left alone, a process through which gigabytes pass holds a
 * hundred megabytes of chunks that nobody needs. A collection takes less than a millisecond, since what is young is dead.
 */
export function chunksPassed(bytes: number): void {
  passedBytes += bytes;
  if (passedBytes < LIMIT_BYTES) return;
  passedBytes = 0;
  collect ??= exposedCollector();
  collect({ type: "minor" });
}

/** The flag gives `gc` to contexts made from now on, and is taken back at once. */
function exposedCollector(): Collect {
  setFlagsFromString("--expose-gc");
  const exposed = runInNewContext("gc") as Collect;
  setFlagsFromString("--no-expose-gc");
  return exposed;
}
