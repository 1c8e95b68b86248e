import { OperatorError } from "../../lib/errors/index.ts";
import { definePhase } from "../engine/index.ts";
import { lookAtNodes } from "../node-sights.ts";
import type { SiteKeys } from "../site-keys.ts";
import type { UpContext } from "../up/context.ts";

/**
 * The site's secrets: used where they are, minted once where they are not. Minting asks three times: the files, the machines
 * (one that is configured belongs to secrets that we lack), and the exclusive creation of the files.
 */
export const keepKeys = definePhase<UpContext, SiteKeys>({
  id: "keys",
  title: "Find or make secrets",
  observe: async (context, { signal }) => {
    const { site, world, ports } = context;
    const kept = await ports.keys.load(site, world.clock);
    if (kept !== undefined) {
      context.memory.keys = kept;
      return kept;
    }
    const sights = await lookAtNodes(site, undefined, { signal, ports, concurrency: world.concurrency });
    const configured = [...sights].filter(([, sight]) => sight.kind === "configured").map(([name]) => name);
    if (configured.length > 0) {
      throw new OperatorError(
        "SITE_SECRETS_MISSING",
        `${configured.join(", ")} ${configured.length === 1 ? "is" : "are"} configured already, but the secrets of ${site.name} are not here`,
        {
          where: { file: site.folder },
          next: [
            "put secrets.yaml and site-secrets.yaml back beside site.yaml, from the copy of whoever configured the machines",
            "or reset the machines so that they boot into maintenance, if nothing on them is needed",
          ],
        },
      );
    }
    context.memory.keys = await ports.keys.mint(world.clock);
    return context.memory.keys;
  },
  plan: ({ site, ports }, keys) => {
    const missing = [keys.kept.talos ? "" : "secrets.yaml", keys.kept.site ? "" : "site-secrets.yaml"].filter(
      (name) => name !== "",
    );
    if (missing.length === 0) return [];
    return [
      [
        {
          id: "keys/secrets",
          title: `write ${missing.join(" and ")} beside ${site.file}`,
          target: { kind: "file", name: missing[0] ?? "" },
          effect: "create",
          inputs: { site: site.name, files: missing },
          apply: async () => await ports.keys.save(site, keys),
        },
      ],
    ];
  },
});
