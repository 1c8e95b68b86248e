import type { LoadedPackage } from "../../deployer/index.ts";

type Component = LoadedPackage["definition"]["components"][number];

/** What a component is made of, for a plan: ": 2 charts, 3 files, runs 1 command". */
export function sourcesOf(component: Component): string {
  const { charts, files, manifests, repos, dataInjections, actions } = component;
  const commands = actions.onCreate.before.length + actions.onCreate.after.length;
  const counts: readonly (readonly [number, string, string])[] = [
    [charts.length, "chart", "charts"],
    [manifests.length, "manifest", "manifests"],
    [files.length, "file", "files"],
    [dataInjections.length, "data injection", "data injections"],
    [repos.length, "repository", "repositories"],
  ];
  const parts = counts.flatMap(([count, one, many]) => (count === 0 ? [] : [`${count} ${count === 1 ? one : many}`]));
  if (commands > 0) parts.push(`runs ${commands} ${commands === 1 ? "command" : "commands"}`);
  const urls = [...files.map(({ source }) => source), ...charts.map(({ url }) => url ?? ""), ...repos].filter((text) =>
    text.includes("://"),
  );
  if (urls.length > 0) parts.push(`fetches ${urls.map(shown).join(", ")}`);
  return parts.length === 0 ? "" : `: ${parts.join(", ")}`;
}

/** Without what may be secret. */
const shown = (url: string): string => url.replace(/\/\/[^/@]*@/, "//").replace(/\?.*$/, "");
