import { resolve } from "node:path";
import type { Inspection, InspectView, ListedAction, PackageSummary } from "../../journeys/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { findSite } from "../choose-site.ts";
import type { Handler } from "../command.ts";
import { packageInputs } from "../package-inputs.ts";
import { formatBytes } from "../quantities.ts";
import { renderTable } from "../views/table.ts";
import { worldOf } from "../world.ts";

/** `skerry package inspect PACKAGE [VIEW]` */
export const packageInspect: Handler = async (call) => {
  const journeys = await import("../../journeys/index.ts");
  const named = call.args[1] ?? "summary";
  const view = journeys.inspectViews.find((each) => each === named);
  if (view === undefined) throw unknownView(named, journeys.inspectViews);
  const { out } = call.flags;
  const inspection = await journeys.inspectPackage(
    {
      inputs: await packageInputs(call, await findSite(call)),
      view,
      folder: out === undefined ? undefined : resolve(call.workingFolder, out),
    },
    worldOf(call),
  );
  return { exit: 0, text: textOf(inspection), document: { kind: "PackageInspection", data: inspection } };
};

function unknownView(named: string, views: readonly InspectView[]): OperatorError {
  return new OperatorError("USAGE_INVALID", `skerry package inspect: there is no view ${named}`, {
    next: [`name one of: ${views.join(", ")}`],
  });
}

function textOf(inspection: Inspection): string {
  switch (inspection.view) {
    case "summary":
      return summaryText(inspection.package);
    case "definition":
      return inspection.text.trimEnd();
    case "images":
      return inspection.images.length === 0 ? "It brings no images." : inspection.images.join("\n");
    case "manifests":
    case "values-files":
      if (inspection.texts.length === 0)
        return inspection.view === "manifests" ? "It brings no charts or manifests." : "It brings no values files.";
      return inspection.texts
        .map(({ component, title, text }) => `# ${component}: ${title}\n${text.trimEnd()}`)
        .join("\n");
    case "sbom":
    case "documentation":
      return filesText(inspection);
    case "actions":
      return actionsText(inspection.actions);
    case "digest":
      return inspection.digest;
  }
}

const signatureWords = {
  none: "not signed",
  unchecked: "signed; give --key to check it",
  valid: "signed, and the signature is right",
  bundle: "covered by the bundle's signature",
} as const;

function summaryText(about: PackageSummary): string {
  const sections = [
    `${[about.name, about.version].filter((part) => part !== "").join(" ")} for ${about.architecture}, ${signatureWords[about.signature]}\n${about.digest}`,
    about.description,
    renderTable(
      ["COMPONENT", "TAKEN", ""],
      about.components.map(({ name, isRequired, isDefault, description }) => [
        name,
        isRequired ? "always" : isDefault ? "by default" : "when asked for",
        description,
      ]),
    ),
    about.variables.length === 0
      ? ""
      : renderTable(
          ["VARIABLE", "", ""],
          about.variables.map(({ name, isSensitive, description }) => [
            name,
            isSensitive ? "sensitive" : "",
            description,
          ]),
        ),
    `${counted(about.images, "image")}; ${counted(about.commands, "command")} on the machine that deploys${about.commands === 0 ? "" : " (`package inspect PACKAGE actions` shows them)"}`,
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

function filesText({
  files,
  folder,
  subjects,
}: Extract<Inspection, { readonly view: "sbom" | "documentation" }>): string {
  const rows = files.map(({ name, sizeBytes }) => [name, formatBytes(sizeBytes)]);
  const where = folder === undefined ? "--out FOLDER writes them." : `Written to ${folder}.`;
  const told = (subjects ?? []).map(({ name, items }) => [name, String(items)]);
  return [
    ...(told.length === 0 ? [] : [renderTable(["IMAGE OR COMPONENT", "PACKAGES"], told)]),
    renderTable(["FILE", "SIZE"], rows),
    where,
  ].join("\n\n");
}

function actionsText(actions: readonly ListedAction[]): string {
  if (actions.length === 0) return "It runs nothing.";
  return actions
    .map((action) => {
      const what = action.cmd === undefined ? action.title : action.cmd.trimEnd();
      const facts = [
        action.cmd === undefined ? "" : `shell ${action.shell}`,
        action.dir === "" ? "" : `in ${action.dir}`,
        action.env.length === 0 ? "" : `with ${action.env.join(" ")}`,
        action.setsVariables.length === 0 ? "" : `sets ${action.setsVariables.join(", ")}`,
        action.setsValues.length === 0 ? "" : `sets values ${action.setsValues.join(", ")}`,
        action.attempts > 1 ? `up to ${action.attempts} times` : "",
        action.maxTotalSeconds === undefined ? "" : `at most ${action.maxTotalSeconds} s`,
      ].filter((fact) => fact !== "");
      const lines = what.split("\n").map((line) => `    ${line}`);
      return [`${action.component}, ${action.occasion}.${action.moment}: ${facts.join(", ")}`, ...lines].join("\n");
    })
    .join("\n\n");
}

const counted = (count: number, noun: string) => `${count} ${count === 1 ? noun : `${noun}s`}`;
