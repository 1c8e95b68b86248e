import type { Ability, Diagnosis, Finding } from "../../lab/index.ts";
import type { Output } from "../terminal.ts";

const heads: Readonly<Record<Finding["group"], string>> = {
  computer: "This computer",
  state: "Racks",
  contained: "For contained racks",
  modelled: "For modelled racks",
};

const inside: Readonly<Record<Ability["interior"], string>> = {
  contained: "containerd, kubelet, etcd and pods are real",
  modelled: "etcd and kube-apiserver are real, containers do not run",
};

/** What can be rehearsed, then all that was looked at, each shortcoming with what mends it. */
export function renderDiagnosis({ abilities, findings }: Diagnosis, { colors }: Pick<Output, "colors">): string {
  const groups = (Object.keys(heads) as readonly Finding["group"][]).flatMap((group) => {
    const rows = findings.filter((each) => each.group === group);
    return rows.length === 0 ? [] : [[colors.bold(heads[group]), ...tableOf(rows, colors)].join("\n")];
  });
  return [abilities.map((ability) => abilityLine(ability, findings, colors)).join("\n"), ...groups].join("\n\n");
}

function abilityLine(ability: Ability, findings: readonly Finding[], colors: Output["colors"]): string {
  const { interior, ok, machines } = ability;
  const name = `${interior} racks`.padEnd("contained racks".length);
  if (ok) {
    const count = machines === 1 ? "1 machine" : `up to ${machines} machines`;
    return `${colors.green("yes")}  ${name}  ${count}; ${inside[interior]}`;
  }
  const titles = findings.filter(({ id }) => ability.lacking.includes(id)).map(({ title }) => title);
  return `${colors.red("no ")}  ${name}  for want of: ${titles.join(", ")}`;
}

function tableOf(rows: readonly Finding[], colors: Output["colors"]): readonly string[] {
  const width = Math.max(...rows.map(({ title }) => title.length));
  return rows.flatMap(({ title, ok, needed, detail, next }) => {
    const mark = ok ? colors.green("ok   ") : needed.length > 0 ? colors.red("lacks") : colors.yellow("note ");
    const line = `  ${mark}  ${title.padEnd(width)}  ${detail}`;
    return next === undefined ? [line] : [line, `${" ".repeat(width + 11)}next: ${next}`];
  });
}
