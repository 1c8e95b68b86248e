import type { PackageDefinition } from "./definition.ts";
import { isSafeName } from "./path-rules.ts";

/**
 * What is wrong with the names of a built package, which become parts of paths, labels and release names: one sentence each. Names
 * of components, and of charts and manifests in one, must each be there once.
 */
export function definitionNameProblems({ metadata, build, components }: PackageDefinition): readonly string[] {
  const found: string[] = [];
  const single = {
    "metadata.version": metadata.version,
    "metadata.architecture": metadata.architecture,
    "build.flavor": build?.flavor,
    "build.differentialPackageVersion": build?.differentialPackageVersion,
  };
  for (const [what, name] of Object.entries(single))
    if (name !== undefined && !isSafeName(name)) found.push(`${what} ${quoted(name)} cannot be part of a path`);
  found.push(...repeated(components.map(({ name }) => `component ${name}`)));
  for (const { name, charts, manifests } of components) {
    for (const manifest of manifests)
      if (!isSafeName(manifest.name)) found.push(`manifest ${quoted(manifest.name)} cannot be part of a path`);
    for (const chart of charts)
      for (const part of [chart.name, chart.version ?? "none"])
        if (!isSafeName(part)) found.push(`chart ${quoted(part)} cannot be part of a path`);
    const within = (kind: string, names: readonly string[]) =>
      repeated(names.map((item) => `${kind} ${item} of component ${name}`));
    found.push(
      ...within(
        "manifest",
        manifests.map((manifest) => manifest.name),
      ),
    );
    found.push(
      ...within(
        "chart",
        charts.map((chart) => chart.name),
      ),
    );
  }
  return found;
}

const quoted = (name: string): string => JSON.stringify(name.slice(0, 120));

function repeated(names: readonly string[]): readonly string[] {
  const twice = names.filter((name, index) => names.indexOf(name) < index);
  return [...new Set(twice)].map((name) => `${name} is there twice`);
}
