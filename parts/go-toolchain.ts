import { readFile } from "node:fs/promises";
import path from "node:path";
import { OperatorError } from "../src/lib/errors/index.ts";
import { runTool } from "./run-tool.ts";

export const howToGetGo = [
  "Install Go from https://go.dev/dl/ and put its bin folder into PATH (a distribution's package is often too old).",
] as const;

/**
 * Version of the Go that will build, "go1.26.8".
 *
 * @throws OperatorError PARTS_TOOL_MISSING when there is none, or one older than the modules need
 */
export async function goVersion(partsFolder: string, options: { readonly signal: AbortSignal }): Promise<string> {
  const version = (
    await runTool("go", ["env", "GOVERSION"], {
      cwd: partsFolder,
      env: { GOTOOLCHAIN: "local", GOWORK: "off" },
      signal: options.signal,
      howToGet: howToGetGo,
      failure: "go does not say its version",
      next: ["go env GOVERSION"],
    })
  ).trim();
  const needed = neededGoVersion(await readFile(path.join(partsFolder, "kubernetes", "go.mod"), "utf8"));
  if (isOlder(version, needed)) {
    throw new OperatorError("PARTS_TOOL_MISSING", `the parts need Go ${needed} or newer, this machine has ${version}`, {
      next: howToGetGo,
    });
  }
  return version;
}

/** The `go` line of a go.mod, "1.26.0". */
export function neededGoVersion(goMod: string): string {
  const found = /^go (\d+\.\d+(?:\.\d+)?)$/m.exec(goMod)?.[1];
  if (found === undefined) throw new Error("go.mod has no go line");
  return found;
}

/** Whether a Go version ("go1.25.1", "go1.27rc1") is below `needed` ("1.26.0"). What cannot be read counts as new enough. */
export function isOlder(version: string, needed: string): boolean {
  const have = /^go(\d+)\.(\d+)(?:\.(\d+))?/.exec(version);
  if (have === null) return false;
  const want = needed.split(".").map(Number);
  for (const [index, part] of [have[1], have[2], have[3]].entries()) {
    const difference = Number(part ?? 0) - (want[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
