import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { OperatorError } from "../lib/errors/index.ts";
import { readTextFile } from "../lib/files.ts";
import type { Site, SiteNode } from "../site/index.ts";
import type { ConfigPatch } from "../talos/config/index.ts";
import type { ReadText } from "./ports.ts";

/** Only a template to read: the mirror is rendered for every site, and a second application would append its endpoints again. */
const rendered = "registry-mirror";

/**
 * The patches of a node in their order: for all, for its role, its own. A name without a suffix is a built-in document of
 * `machineconfigs/`, anything else a file relative to site.yaml.
 *
 * @throws OperatorError FILE_UNREADABLE, naming the built-ins there are
 */
export async function patchesOf(
  site: Site,
  node: SiteNode,
  readText: ReadText = readTextFile,
): Promise<readonly ConfigPatch[]> {
  const { all, controlPlane, worker } = site.machineConfigs;
  const names = [...all, ...(node.role === "controlplane" ? controlPlane : worker), ...node.patches];
  return await Promise.all(names.map(async (name) => await readPatch(site, name, readText)));
}

async function readPatch(site: Site, name: string, readText: ReadText): Promise<ConfigPatch> {
  const own = resolve(site.folder, name);
  if (/[./]/.test(name)) return { file: own, text: await readText(own) };
  const folder = builtInFolder();
  const file = join(folder, `${name}.yaml`);
  if (name !== rendered && existsSync(file)) return { file, text: await readText(file) };
  const known = readdirSync(folder)
    .filter((entry) => entry.endsWith(".yaml"))
    .map((entry) => basename(entry, ".yaml"))
    .filter((known) => known !== rendered);
  throw new OperatorError("FILE_UNREADABLE", `there is no built-in machine config named ${name}`, {
    where: { file: site.file },
    next: [`use one of ${known.join(", ")}`, `or a file of your own: ./${name}.yaml`],
  });
}

/** `machineconfigs/` of the package: beside `dist/` where Skerry is installed, beside `src/` in the repository. */
function builtInFolder(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, "machineconfigs");
    if (existsSync(candidate)) return candidate;
  }
  throw new Error("machineconfigs/ was not shipped");
}
