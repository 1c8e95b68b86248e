/** The process of a rack's supervisor: `node supervisor.ts FOLDER`. Started by startRack, detached. */
import { superviseRack } from "./rack/supervise.ts";

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop.abort());
// A terminal that is closed is no reason to end.
process.on("SIGHUP", () => undefined);
await superviseRack(process.argv[2] ?? "", { signal: stop.signal });
// Whatever connection is still being torn down must not keep the process.
process.exit();
