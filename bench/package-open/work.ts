import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { createChartEngine } from "../../src/deployer/charts/engine/index.ts";
import {
  createActionRunner,
  createPackage,
  loadForBuild,
  makeStagingFolder,
  openRegistries,
  writePackage,
} from "../../src/deployer/create/index.ts";
import { openPackage } from "../../src/deployer/package/open-package.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { zstdDecompress } from "../../src/lib/zstd/index.ts";

/** What a measuring process tells of itself, in one line. */
export interface Told {
  readonly seconds: number;
  readonly peakMiB: number;
  readonly file?: string;
}

const { signal } = new AbortController();
const trust = { allowUnsigned: true };

/** A folder with a zarf.yaml becomes a package, as `package create` makes it. */
async function create([source = "", folder = ""]: readonly string[]): Promise<string> {
  const staging = await makeStagingFolder(folder);
  const registries = openRegistries({});
  const engine = createChartEngine();
  try {
    const ports = {
      registries,
      staging,
      engine,
      runActions: createActionRunner({ engine, clock: systemClock }),
      signal,
    };
    const loaded = await loadForBuild(source, {}, ports);
    const { built, images } = await createPackage(loaded, {}, ports);
    const { files } = await writePackage({ built, images, folder, signal });
    return files[0] ?? "";
  } finally {
    await engine.close();
    await registries.close();
    await staging.remove();
  }
}

/** Until the first bytes of a file in a component are there; from then on the package can be deployed. */
async function read([path = "", spool = ""]: readonly string[]): Promise<undefined> {
  const pkg = await openPackage({ path }, { signal, trust, spool: { parent: spool } });
  const files = await pkg.component(pkg.definition.components[0]?.name ?? "", { signal });
  const [first = ""] = [...files.entries].find(([, { type }]) => type === "file") ?? [];
  for await (const _ of files.open(first, { signal })) break;
  await pkg.close();
}

/** The decoder alone, against the program of that name. */
async function decode([path = "", out = ""]: readonly string[]): Promise<undefined> {
  const handle = await open(out, "w");
  for await (const chunk of zstdDecompress(createReadStream(path, { highWaterMark: 1 << 20 }), { signal }))
    await handle.write(chunk);
  await handle.close();
}

const jobs: Readonly<Record<string, (args: readonly string[]) => Promise<string | undefined>>> = {
  create,
  read,
  decode,
};

if (import.meta.main) {
  const [job = "", ...args] = process.argv.slice(2);
  const start = performance.now();
  const file = await jobs[job]?.(args);
  const told: Told = {
    seconds: (performance.now() - start) / 1000,
    peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    ...(file === undefined ? {} : { file: join(file) }),
  };
  console.log(JSON.stringify(told));
  process.exit(0);
}
