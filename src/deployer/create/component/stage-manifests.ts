import path from "node:path";
import { OperatorError } from "../../../lib/errors/index.ts";
import type { ManifestDefinition } from "../../package/definition.ts";
import { isUrl } from "../source/paths.ts";
import { stagedFile } from "../stage/read-folder.ts";
import { stagedBytes, type TreeBuilder } from "../stage/staged.ts";
import type { StageContext } from "./stage-context.ts";
import { manifestLimitBytes, takeSource } from "./take-source.ts";

/** `manifests/<name>-<i>.yaml`, and what kustomizations build as `manifests/kustomization-<name>-<i>.yaml`. */
export async function stageManifests(
  tree: TreeBuilder,
  manifests: readonly ManifestDefinition[],
  context: StageContext,
): Promise<void> {
  for (const manifest of manifests) {
    for (const [index, source] of manifest.files.entries()) {
      const file = await takeSource(source, context, { limitBytes: manifestLimitBytes });
      const staged = await stagedFile(file);
      if (staged.sizeBytes > manifestLimitBytes) throw tooLarge(source);
      tree.add(`manifests/${manifest.name}-${index}.yaml`, staged);
    }
    for (const [index, target] of manifest.kustomizations.entries()) {
      context.onProgress?.({ kind: "fetching", what: `kustomization ${target}` });
      const text = await context.kustomize({
        target: isRemote(target) ? target : path.resolve(context.folder, target),
        allowAnyDirectory: manifest.kustomizeAllowAnyDirectory,
        enablePlugins: manifest.enableKustomizePlugins,
        signal: context.signal,
      });
      tree.add(`manifests/kustomization-${manifest.name}-${index}.yaml`, stagedBytes(Buffer.from(text), 0o600));
    }
  }
}

/** What kustomize fetches itself. */
const isRemote = (target: string): boolean =>
  isUrl(target) || /^(git@|github\.com[/:])/.test(target) || target.includes("?ref=");

function tooLarge(source: string): OperatorError {
  return new OperatorError("PACKAGE_SOURCE_UNUSABLE", `${source} is larger than the 16 MiB of a manifest`, {
    where: { file: source },
    next: ["split it into several files"],
  });
}
