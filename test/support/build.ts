import { execFileSync } from "node:child_process";

/** Once per run of the e2e and real tests: the command line is built as it ships. */
export function setup(): void {
  execFileSync(process.execPath, ["src/cli/build.ts"], { stdio: ["ignore", "ignore", "inherit"] });
}
