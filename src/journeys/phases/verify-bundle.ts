import { checkPackage } from "../../deployer/index.ts";
import { OperatorError, type Problem } from "../../lib/errors/index.ts";
import { definePhase } from "../engine/index.ts";
import { packageEntry } from "../package-entry.ts";
import { siteImages } from "../site-images.ts";
import { openStoredPackage } from "../stored-package.ts";
import { engineOf, type UpContext } from "../up/context.ts";
import { workplaceOf } from "../up/workplace.ts";

/**
 * What this site will pull is in the bundle. Its signature, index and sizes were checked when it was opened; digests are as blobs
 * pass.
 */
export const verifyBundle = definePhase<UpContext, readonly Problem[]>({
  id: "verify-bundle",
  title: "Verify bundle",
  observe: async (context, { signal }) => {
    const { site, bundle, ports, world } = context;
    const carried = new Set(bundle.closure.images.map((image) => image.reference));
    const packages = new Map(bundle.packages().map((found) => [found.name, found]));
    for (const entry of site.packages) {
      const stored = packages.get(entry.name);
      if (stored === undefined) continue;
      const pkg = await openStoredPackage(bundle, stored, { signal });
      // A wrong value is told now, and not when the machines are installed already.
      await checkPackage({
        pkg,
        engine: engineOf(context),
        workplace: workplaceOf(context),
        ...(await packageEntry(site, entry, { ...ports, identityFile: world.identityFile })),
        signal,
      });
      await pkg.close();
    }
    return [
      ...[...(await siteImages(site, { readText: ports.readText }))]
        .filter(([reference]) => !carried.has(reference))
        .map(([reference, why]) => ({ message: `${reference} (${why.join(", ")})` })),
      ...site.packages
        .filter((wanted) => !packages.has(wanted.name))
        .map((wanted) => ({ message: `package ${wanted.name} (packages of site.yaml)` })),
    ];
  },
  plan: ({ bundle, site }, missing) => {
    if (missing.length === 0) return [];
    throw new OperatorError("BUNDLE_LACKS_CONTENT", `the bundle does not hold everything that ${site.name} will pull`, {
      where: { file: bundle.file },
      problems: missing,
      next: [
        `skerry bundle create     make a bundle whose definition names ${site.file}, where there is internet`,
        `skerry bundle inspect ${bundle.file}     see what this one holds`,
      ],
    });
  },
  // The first phase that looks is the last that closes: everything read from the file is done by then.
  close: async ({ bundle, memory }) => {
    await memory.engine?.close();
    delete memory.engine;
    await bundle.close();
  },
});
