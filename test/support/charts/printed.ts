import type { RenderedChart } from "../../../src/deployer/charts/engine/index.ts";

/** What `helm template` prints of a rendered chart. */
export function printed({ manifest, hooks }: Pick<RenderedChart, "manifest" | "hooks">): string {
  const own = hooks.map((hook) => `---\n# Source: ${hook.path ?? ""}\n${hook.manifest ?? ""}\n`);
  return `${manifest.trim()}\n${own.join("")}`;
}
