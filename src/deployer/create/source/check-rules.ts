import { isOperatorError, type Problem } from "../../../lib/errors/index.ts";
import type { YamlPath } from "../../../lib/yaml/index.ts";
import type { ActionSetDefinition, ComponentDefinition, PackageDefinition } from "../../package/definition.ts";
import { fullReference } from "../../package/package.ts";
import { isSafeName, pathProblem } from "../../package/path-rules.ts";
import { splitRepository } from "../fetch/repository-url.ts";
import { targetName } from "./paths.ts";

/** Where something in component number `index` was written. */
export type WhereIn = (index: number, path: YamlPath) => string;

type Report = (message: string, path?: YamlPath) => void;

/** What is wrong between the fields of a definition, which a schema cannot express; every finding with its place. */
export function ruleProblems(
  definition: PackageDefinition,
  { whereIn, where }: { readonly whereIn: WhereIn; readonly where: (path: YamlPath) => string },
): readonly Problem[] {
  const problems: Problem[] = [];
  const report: Report = (message, path = []) => problems.push({ message, where: { file: where(path) } });
  const { metadata, components } = definition;
  if (metadata.version !== undefined && !isSafeName(metadata.version))
    report(`version ${JSON.stringify(metadata.version)} cannot be part of a file name`, ["metadata", "version"]);
  if (components.length === 0)
    report(`has no component for ${metadata.architecture ?? "this architecture"}`, ["components"]);
  if (definition.kind === "ZarfInitConfig" && metadata.yolo)
    report("an init package cannot be yolo", ["metadata", "yolo"]);
  const seen = new Set<string>();
  for (const [index, component] of components.entries()) {
    const reportIn: Report = (message, path = []) =>
      problems.push({ message: `component ${component.name}: ${message}`, where: { file: whereIn(index, path) } });
    if (seen.has(component.name)) reportIn("is there twice", ["name"]);
    seen.add(component.name);
    checkComponent(component, reportIn);
    if (metadata.yolo) checkYolo(component, reportIn);
  }
  checkGroups(components, (index, message) => problems.push({ message, where: { file: whereIn(index, ["group"]) } }));
  return [...problems, ...archivedImages(components, whereIn)];
}

function checkComponent(component: ComponentDefinition, report: Report): void {
  if (component.required && component.default) report("is both required and default", ["default"]);
  if (component.required && component.group !== undefined) report("is required and in a group", ["group"]);
  checkCharts(component, report);
  checkManifests(component, report);
  for (const [index, file] of component.files.entries()) checkTarget(file.target, report, ["files", index, "target"]);
  for (const [index, { target }] of component.dataInjections.entries())
    checkTarget(target.path, report, ["dataInjections", index, "target", "path"]);
  for (const [index, listed] of component.repos.entries())
    if (!isRepository(listed)) report("is no Git URL with an optional @reference", ["repos", index]);
  for (const occasion of ["onCreate", "onDeploy", "onRemove"] as const)
    checkActions(component.actions[occasion], occasion, report);
}

function isRepository(listed: string): boolean {
  try {
    splitRepository(listed);
    return true;
  } catch (error) {
    if (isOperatorError(error, "PACKAGE_REPOSITORY_INVALID")) return false;
    throw error;
  }
}

function checkTarget(target: string, report: Report, at: YamlPath): void {
  const problem = pathProblem(targetName(target));
  if (problem !== undefined) report(`the last part of target ${JSON.stringify(target)} ${problem}`, at);
}

function checkName(what: string, name: string, report: Report, at: YamlPath): void {
  if (name.length > 40) report(`${what} ${name} is longer than 40 letters`, at);
  if (!isSafeName(name) || /\s/.test(name)) report(`${what} ${JSON.stringify(name)} cannot be part of a file name`, at);
}

function checkCharts({ charts }: ComponentDefinition, report: Report): void {
  const seen = new Set<string>();
  for (const [index, chart] of charts.entries()) {
    const at = ["charts", index];
    if (seen.has(chart.name)) report(`chart ${chart.name} is there twice`, [...at, "name"]);
    seen.add(chart.name);
    checkName("chart", chart.name, report, [...at, "name"]);
    if (chart.namespace === undefined) report(`chart ${chart.name} has no namespace`, at);
    if ((chart.url === undefined) === (chart.localPath === undefined))
      report(`chart ${chart.name} needs exactly one of url and localPath`, at);
    if (chart.version === undefined && chart.localPath === undefined) report(`chart ${chart.name} needs a version`, at);
    if (chart.version !== undefined && (!isSafeName(chart.version) || /\s/.test(chart.version)))
      report(`version ${JSON.stringify(chart.version)} of chart ${chart.name} cannot be part of a file name`, at);
    const release = chart.releaseName ?? chart.name;
    if (!/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(release) || release.length > 53)
      report(`${JSON.stringify(release)} is no release name: lower-case letters, digits and dashes, at most 53`, [
        ...at,
        chart.releaseName === undefined ? "name" : "releaseName",
      ]);
    for (const [number, { sourcePath, excludePaths }] of chart.values.entries())
      for (const excluded of excludePaths)
        if (!excluded.startsWith(`${sourcePath === "." ? "" : sourcePath}.`) || excluded === ".")
          report(`excludePaths ${excluded} does not lie below ${sourcePath}`, [...at, "values", number]);
  }
}

function checkManifests({ manifests }: ComponentDefinition, report: Report): void {
  const seen = new Set<string>();
  for (const [index, { name, files, kustomizations }] of manifests.entries()) {
    const at = ["manifests", index, "name"];
    if (seen.has(name)) report(`manifest ${name} is there twice`, at);
    seen.add(name);
    checkName("manifest", name, report, at);
    if (files.length + kustomizations.length === 0) report(`manifest ${name} has no files and no kustomizations`, at);
  }
}

function checkActions(set: ActionSetDefinition, occasion: "onCreate" | "onDeploy" | "onRemove", report: Report): void {
  for (const moment of ["before", "after", "onSuccess", "onFailure"] as const)
    for (const [index, action] of set[moment].entries()) {
      const at = ["actions", occasion, moment, index];
      if ((action.cmd === undefined) === (action.wait === undefined))
        report(`an action of ${occasion} needs exactly one of cmd and wait`, at);
      if (action.wait !== undefined && (action.wait.cluster === undefined) === (action.wait.network === undefined))
        report("a wait needs exactly one of cluster and network", at);
      if (occasion !== "onDeploy" && action.setVariables.length > 0)
        report(`setVariables is for onDeploy only, not for ${occasion}`, at);
      if (occasion === "onCreate" && action.template) report("template is not for onCreate", at);
    }
}

/** A group is a choice: more than one member, and at most one of them taken when nobody chooses. */
function checkGroups(
  components: readonly ComponentDefinition[],
  report: (index: number, message: string) => void,
): void {
  const groups = new Map<string, number[]>();
  for (const [index, { group }] of components.entries())
    if (group !== undefined) groups.set(group, [...(groups.get(group) ?? []), index]);
  for (const [group, members] of groups) {
    const [first = 0] = members;
    const defaults = members.filter((index) => components[index]?.default);
    if (members.length === 1) report(first, `group ${group} has only one component`);
    if (defaults.length > 1) report(defaults[1] ?? first, `group ${group} has more than one default`);
  }
}

/** Images stay where they are when a package is yolo, so it cannot bring any. */
function checkYolo(component: ComponentDefinition, report: Report): void {
  if (component.images.length > 0) report("a yolo package cannot bring images", ["images"]);
  if (component.repos.length > 0) report("a yolo package cannot bring repos", ["repos"]);
  if (component.only.cluster.architecture !== undefined)
    report("a yolo package cannot choose by architecture", ["only"]);
}

/** An image comes from one archive, or it is pulled. */
function archivedImages(components: readonly ComponentDefinition[], whereIn: WhereIn): readonly Problem[] {
  const from = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [index, { imageArchives }] of components.entries())
    for (const { path, images } of imageArchives)
      for (const image of images.map(fullReference)) {
        const other = from.get(image);
        if (other !== undefined && other !== path)
          problems.push({
            message: `${image} is in two image archives: ${other} and ${path}`,
            where: { file: whereIn(index, ["imageArchives"]) },
          });
        from.set(image, path);
      }
  for (const [index, component] of components.entries())
    for (const image of component.images.map(fullReference))
      if (from.has(image))
        problems.push({
          message: `${image} is listed under images and in the image archive ${from.get(image)}`,
          where: { file: whereIn(index, ["images"]) },
        });
  return problems;
}
