import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createChartEngine } from "../../src/deployer/charts/engine/index.ts";
import {
  type BuildOptions,
  createPackage,
  loadForBuild,
  makeStagingFolder,
  openRegistries,
  type RunCreateActions,
  type WrittenFiles,
  writePackage,
} from "../../src/deployer/index.ts";

export interface MakeRequest extends BuildOptions {
  /** Folder of the definition; it is copied first, because commands of a package write into it. */
  readonly source: string;
  readonly overrides?: Readonly<Record<string, string>>;
  /** In the place of `127.0.0.1:5088` in the definition. */
  readonly webHost?: string;
  readonly maxPartBytes?: number;
  readonly runActions?: RunCreateActions;
}

export interface MadePackage extends WrittenFiles {
  /** Where it was written. */
  readonly folder: string;
  readonly remove: () => Promise<void>;
}

/** Makes packages as the command does, without the command. */
export interface PackageWorkshop {
  readonly make: (request: MakeRequest) => Promise<MadePackage>;
  readonly close: () => Promise<void>;
}

export function openWorkshop(): PackageWorkshop {
  const engine = createChartEngine();
  const { signal } = new AbortController();
  return {
    make: async ({ source, overrides = {}, webHost, maxPartBytes, runActions, ...options }) => {
      const folder = await mkdtemp(path.join(tmpdir(), "skerry-made-"));
      const copy = path.join(folder, "src");
      await cp(source, copy, { recursive: true, verbatimSymlinks: true });
      const file = path.join(copy, "zarf.yaml");
      const text = await readFile(file, "utf8");
      if (webHost !== undefined) await writeFile(file, text.replaceAll("127.0.0.1:5088", webHost));
      const registries = openRegistries(overrides);
      const staging = await makeStagingFolder();
      const ports = { registries, staging, signal, engine, runActions: runActions ?? (async () => undefined) };
      try {
        const loaded = await loadForBuild(copy, options, ports);
        const whole = await createPackage(loaded, options, ports);
        const written = await writePackage({
          ...whole,
          folder: path.join(folder, "out"),
          signal,
          ...(maxPartBytes === undefined ? {} : { maxPartBytes }),
        });
        return { ...written, folder, remove: async () => await rm(folder, { recursive: true }) };
      } finally {
        await registries.close();
        await staging.remove();
      }
    },
    close: async () => await engine.close(),
  };
}
