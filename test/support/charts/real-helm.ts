import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { execa } from "execa";
import { ensureParts } from "../../../parts/index.ts";
import type { ChartCase } from "./chart-case.ts";
import { filesOf } from "./chart-case.ts";

export interface HelmSaid {
  readonly stdout: string;
  /** What follows `Error: `, without helm's advice to add a flag; empty when it succeeded. */
  readonly error: string;
}

/** The real helm, with a home of its own and nothing of this machine's. */
export async function realHelm(): Promise<{
  readonly run: (
    args: readonly string[],
    options?: { readonly env?: Readonly<Record<string, string>> },
  ) => Promise<HelmSaid>;
  readonly folder: string;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}> {
  const { helm } = await ensureParts({ only: ["helm"], signal: new AbortController().signal });
  const folder = await mkdtemp(join(tmpdir(), "skerry-test-"));
  return {
    folder,
    run: async (args, options = {}) => {
      const { stdout, stderr } = await execa(helm, args, {
        env: { HOME: folder, PATH: process.env["PATH"] ?? "", TZ: "UTC", ...options.env },
        extendEnv: false,
        reject: false,
        stripFinalNewline: false,
        maxBuffer: 64 * 1024 * 1024,
      });
      return { stdout, error: errorIn(stderr) };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

function errorIn(stderr: string): string {
  const at = stderr.search(/^Error: /m);
  if (at < 0) return "";
  return stderr
    .slice(at + "Error: ".length)
    .replace(/\n$/, "")
    .replace(/\n\nUse --debug flag to render out invalid YAML$/, "");
}

export interface WrittenCase {
  readonly chart: string;
  readonly valuesFiles: readonly { readonly name: string; readonly text: string }[];
  readonly templateArguments: readonly string[];
}

/** Puts a chart and its values where helm can read them. */
export async function writeCase(folder: string, one: ChartCase): Promise<WrittenCase> {
  const home = await mkdtemp(join(folder, "case-"));
  const chart = join(home, "chart");
  await writeFiles(chart, filesOf(one));
  const valuesFiles = (one.valuesFiles ?? []).map((text, index) => ({
    name: join(home, `values-${index}.yaml`),
    text,
  }));
  for (const { name, text } of valuesFiles) await writeFile(name, text);
  const templateArguments = [
    "template",
    one.release ?? "web",
    chart,
    "--namespace",
    one.namespace ?? "shop",
    ...valuesFiles.flatMap(({ name }) => ["-f", name]),
    ...(one.kubeVersion === undefined ? [] : ["--kube-version", one.kubeVersion]),
    ...(one.extraApiVersions ?? []).flatMap((version) => ["--api-versions", version]),
    ...(one.isUpgrade === true ? ["--is-upgrade"] : []),
    ...(one.includeCrds === true ? ["--include-crds"] : []),
    ...(one.skipSchemaValidation === true ? ["--skip-schema-validation"] : []),
  ];
  return { chart, valuesFiles, templateArguments };
}

export async function writeFiles(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
}

/** The files of a folder by their path below it. */
export async function readFolder(folder: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(await Promise.all(files.map(async (file) => [relative(folder, file), await readFile(file)] as const)));
}
