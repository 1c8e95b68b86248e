/** Writes `gen/` from `proto/`: `npm run generate`. Runs offline, from node_modules; the output is committed. */
import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";

const root = join(import.meta.dirname, "../../..");
const buf = join(root, "node_modules/@bufbuild/buf-linux-x64/bin/buf");
const plugins = join(root, "node_modules/.bin");

const run = spawnSync(buf, ["generate"], {
  cwd: join(root, "proto"),
  env: {
    ...process.env,
    PATH: `${plugins}${delimiter}${process.env["PATH"] ?? ""}`,
    BUF_CACHE_DIR: join(root, "node_modules/.cache/buf"),
  },
  stdio: "inherit",
});
if (run.error !== undefined) throw run.error;
process.exitCode = run.status ?? 1;
