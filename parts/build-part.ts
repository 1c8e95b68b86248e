import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { binaryName, type Part } from "./catalog.ts";
import { goArguments, goEnvironment } from "./go-arguments.ts";
import { howToGetGo } from "./go-toolchain.ts";
import type { Report } from "./report.ts";
import { runTool } from "./run-tool.ts";

/** Content of the files of a part's module that its key depends on: go.mod, go.sum and our own Go files. */
export async function readSources(moduleFolder: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(moduleFolder, { recursive: true }))
    .filter((name) => name.endsWith(".go") || name === "go.mod" || name === "go.sum")
    .sort();
  const sources: Record<string, string> = {};
  for (const name of names) sources[name] = await readFile(path.join(moduleFolder, name), "utf8");
  return sources;
}

/** Builds every architecture of a part into `folder` with the user's own Go caches. */
export async function buildPart(
  part: Part,
  folder: string,
  options: { readonly moduleFolder: string; readonly signal: AbortSignal; readonly report: Report },
): Promise<void> {
  for (const architecture of part.architectures) {
    await runTool("go", goArguments(part, path.join(folder, binaryName(part, architecture))), {
      cwd: options.moduleFolder,
      env: goEnvironment(architecture),
      signal: options.signal,
      howToGet: howToGetGo,
      failure: `${part.name} ${part.version} could not be built`,
      next: [
        `node parts/build.ts --only ${part.name}   build it again; what is finished is kept`,
        "go env GOPROXY GOSUMDB   where the modules come from; a first build needs it to answer",
      ],
      onLine: (line) => options.report({ kind: "detail", name: part.name, detail: line.replace(/^go: /, "") }),
    });
  }
}
