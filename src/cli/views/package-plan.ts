import type { ComponentPlan, ListedAction, PackagePlan, PlannedRelease, RemovePlan } from "../../journeys/index.ts";
import { redactSecrets, stripControls } from "../../lib/errors/index.ts";
import type { Colors } from "../terminal.ts";

const marks = { created: "+", configured: "~", unchanged: " ", pruned: "-", kept: "=" } as const;

/** What a deployment would change, object by object and field by field, and what it runs on this machine. */
export function renderPackagePlan(plan: PackagePlan, colors: Colors): string {
  const lines = [
    ...plan.components.flatMap((component) => componentLines(component, colors)),
    ...plan.prunes.flatMap(({ namespace, release, objects }) => [
      colors.yellow(`- release ${namespace}/${release} goes: this version does not have it`),
      ...objects.map((object) => colors.red(`    - ${object}`)),
    ]),
    ...(plan.isUnchanged ? [colors.dim("Everything is as it should be.")] : []),
    plan.connectivity === "airgap"
      ? "Images go to the cluster's registry."
      : "Images keep their names; nothing is pushed.",
  ];
  return redactSecrets(lines.map(stripControls).join("\n"));
}

/** What a removal runs and takes away. */
export function renderRemovePlan(plan: RemovePlan, colors: Colors): string {
  const lines = [
    ...plan.components.flatMap(({ name, actions, releases }) => [
      colors.bold(`component ${name}`),
      ...actionLines(actions, colors),
      ...releases.map((release) => colors.red(`  - release ${release.namespace}/${release.name}`)),
    ]),
    plan.isWhole ? "Nothing of the package stays recorded." : "The rest of the package stays.",
  ];
  return redactSecrets(lines.map(stripControls).join("\n"));
}

function componentLines(component: ComponentPlan, colors: Colors): readonly string[] {
  const body = [
    ...actionLines(component.actions, colors),
    ...component.files.map(({ target, kind, isThere }) => {
      const what = kind === "folder" ? "folder" : "file";
      return `  ${colors.yellow("writes here")}: ${what} ${target}${isThere && kind === "file" ? " (replaced)" : ""}`;
    }),
    ...component.images.map((image) => `  image ${image}`),
    ...component.repositories.map((repository) => `  repository ${repository}`),
    ...component.objects.map(({ object, outcome }) => paint(outcome, `  ${marks[outcome]} ${object}`, colors)),
    ...component.releases.flatMap((release) => releaseLines(release, colors)),
    ...component.dataInjections.map((target) => `  data into ${target}`),
    ...component.healthChecks.map((object) => `  waits for ${object}`),
  ];
  const title = colors.bold(`component ${component.name}`);
  return body.length === 0 ? [`${title}${colors.dim(": nothing to do")}`] : [title, ...body];
}

const momentWords = { before: "first", after: "then", onSuccess: "on success", onFailure: "on failure" } as const;

function actionLines(actions: readonly ListedAction[], colors: Colors): readonly string[] {
  return actions.flatMap((action) => {
    const what = action.cmd === undefined ? action.title : `$ ${action.cmd.trim().split("\n").join("\n      ")}`;
    const notes = [
      action.dir === "" ? "" : `in ${action.dir}`,
      action.setsVariables.length === 0 ? "" : `sets ${action.setsVariables.join(", ")}`,
      action.attempts > 1 ? `up to ${action.attempts} times` : "",
    ].filter((note) => note !== "");
    const note = notes.length === 0 ? "" : colors.dim(`  (${notes.join("; ")})`);
    return [`  ${colors.yellow("runs here")}, ${momentWords[action.moment]}: ${what}${note}`];
  });
}

function releaseLines(
  { title, name, namespace, plan, provisional }: PlannedRelease,
  colors: Colors,
): readonly string[] {
  const state =
    plan === undefined ? "not known yet" : plan.outcome === "unchanged" ? "unchanged" : `revision ${plan.revision}`;
  const after = provisional === undefined ? "" : ` (${provisional})`;
  const head = `  ${title}, release ${namespace}/${name}: ${state}${after}`;
  if (plan === undefined || plan.outcome === "unchanged") return [colors.dim(head)];
  return [
    head,
    ...plan.hooks.map((hook) => `    hook ${hook}`),
    ...plan.objects
      .filter(({ outcome }) => outcome !== "unchanged")
      .flatMap(({ object, outcome, fields, refused, provisional: later }) => [
        paint(outcome, `    ${marks[outcome]} ${object}${later === undefined ? "" : ` (${later})`}`, colors),
        ...(refused === undefined ? [] : [colors.red(`      ✗ ${refused}`)]),
        ...fields.map(({ path, from, to }) => `        ${path}: ${from ?? "(none)"} → ${to ?? "(none)"}`),
      ]),
  ];
}

function paint(outcome: keyof typeof marks, line: string, colors: Colors): string {
  switch (outcome) {
    case "created":
      return colors.green(line);
    case "configured":
      return colors.yellow(line);
    case "pruned":
      return colors.red(line);
    default:
      return line;
  }
}
