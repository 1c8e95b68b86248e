import type { PackagePlan } from "../../deployer/index.ts";

/** A package in few words: "demo 1.0.0". */
export const packageTitle = ({ name, version }: { readonly name: string; readonly version: string }): string =>
  [name, version].filter((part) => part !== "").join(" ");

/** "3 created, 1 changed, 2 removed, 4 commands" */
export function changesText(plan: PackagePlan): string {
  const objects = plan.components.flatMap((component) => [
    ...component.objects,
    ...component.releases.flatMap((release) => release.plan?.objects ?? []),
  ]);
  const count = (outcome: string) => objects.filter((each) => each.outcome === outcome).length;
  const commands = plan.components.flatMap(({ actions }) => actions.filter(({ cmd }) => cmd !== undefined)).length;
  const parts = [
    [count("created"), "created"],
    [count("configured"), "changed"],
    [count("pruned") + plan.prunes.flatMap((prune) => prune.objects).length, "removed"],
    [plan.components.flatMap(({ files }) => files).length, "files on this machine"],
    [commands, commands === 1 ? "command" : "commands"],
  ] as const;
  return parts
    .filter(([number]) => number > 0)
    .map(([number, word]) => `${number} ${word}`)
    .join(", ");
}
