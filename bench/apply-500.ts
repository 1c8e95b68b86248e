import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureParts } from "../parts/index.ts";
import { connectCluster } from "../src/kube/index.ts";
import { startApiServer } from "../test/support/apiserver.ts";
import type { DeployRequest, Told } from "./apply-500/ours.ts";
import { atMost, median, printFigures } from "./support/figures.ts";
import { describeMachine } from "./support/machine.ts";
import { asShipped, runMeasured } from "./support/processes.ts";
import { temporaryFolder } from "./support/temporary.ts";

/**
 * 500 objects applied, recorded and ready, against `kubectl apply --server-side` of the same; then 50 releases of 10 objects
 * deployed again with nothing changed: `node bench/apply-500.ts [ROUNDS]`.
 */
const [rounds = "3"] = process.argv.slice(2);
const OBJECTS = 500;
const RELEASES = 50;
const { signal } = new AbortController();

await compare(Number(rounds));

async function compare(count: number): Promise<void> {
  console.log(describeMachine());
  const { kubectl } = await ensureParts({ only: ["kubectl"], signal: AbortSignal.timeout(600_000) });
  await using folder = await temporaryFolder();
  const program = await asShipped(join(import.meta.dirname, "apply-500", "ours.ts"), folder.path);
  const api = await startApiServer();
  const cluster = connectCluster({ kubeconfigYaml: api.kubeconfigYaml });
  const file = (name: string) => join(folder.path, name);
  const namespace = async (name: string): Promise<string> => {
    await cluster.create({ apiVersion: "v1", kind: "Namespace", metadata: { name } }, { signal });
    return name;
  };
  const deploy = async (releases: DeployRequest["releases"]) => {
    const request: DeployRequest = { kubeconfigPath: file("kubeconfig"), releases };
    const run = await runMeasured([process.execPath, program], { input: JSON.stringify(request) });
    return { ...run, told: JSON.parse(run.stdout) as Told };
  };
  try {
    await writeFile(file("kubeconfig"), api.kubeconfigYaml, { mode: 0o600 });
    await writeFile(file("all.yaml"), manifest(OBJECTS));
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let round = 0; round < count; round += 1) {
      const us = async () => {
        const ns = await namespace(`ours-${round}`);
        const { seconds, told } = await deploy([{ name: "all", namespace: ns, manifestPath: file("all.yaml") }]);
        if (told.outcomes[0] !== "installed") throw new Error(`the release was ${told.outcomes[0] ?? ""}`);
        ours.push(seconds);
      };
      const them = async () => {
        const ns = await namespace(`theirs-${round}`);
        const args = ["apply", "--server-side", "--kubeconfig", file("kubeconfig"), "-n", ns, "-f", file("all.yaml")];
        theirs.push((await runMeasured([kubectl, ...args], { isQuiet: true })).seconds);
      };
      for (const turn of round % 2 === 0 ? [us, them] : [them, us]) await turn();
    }
    await writeFile(file("ten.yaml"), manifest(10));
    const releases: { name: string; namespace: string; manifestPath: string }[] = [];
    for (let index = 0; index < RELEASES; index += 1)
      releases.push({
        name: `r-${index}`,
        namespace: await namespace(`many-${index}`),
        manifestPath: file("ten.yaml"),
      });
    await deploy(releases);
    const again: number[] = [];
    for (let round = 0; round < count; round += 1) {
      const { told } = await deploy(releases);
      if (told.outcomes.some((outcome) => outcome !== "unchanged")) throw new Error("something was written");
      again.push(told.seconds);
    }
    const [mine, kubectls, second] = [median(ours), median(theirs), median(again)];
    printFigures([
      {
        figure: `${OBJECTS} objects applied, recorded and ready`,
        ours: `${mine.toFixed(2)} s`,
        against: `${kubectls.toFixed(2)} s kubectl`,
        ratio: mine / kubectls,
        goal: atMost(mine / kubectls, 1.5),
      },
      {
        figure: `${RELEASES} releases deployed again, nothing changed`,
        ours: `${second.toFixed(2)} s`,
        goal: atMost(second, 5, "≤ 5 s"),
      },
    ]);
    console.log(`
Medians of ${count} alternating rounds, each in a namespace of its own; kube-apiserver and etcd run beside them on the same machine. The first
row is a whole process, start included; ours also looks at every object before, and records the release. kubectl only applies.`);
  } finally {
    await cluster.close();
    await api.stop();
  }
}

/** Kinds as charts have them; all are ready once they are there, for no controllers run. */
function manifest(count: number): string {
  return Array.from({ length: count }, (_, index) => object(index)).join("---\n");
}

function object(index: number): string {
  const name = `o-${index}`;
  const labels = `{app.kubernetes.io/name: bench, app.kubernetes.io/instance: ${name}}`;
  const head = (apiVersion: string, kind: string) =>
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: ${name}\n  labels: ${labels}\n`;
  switch (index % 5) {
    case 0:
      return `${head("v1", "Secret")}stringData: {password: "secret-${index}", user: "user-${index}"}\n`;
    case 1:
      return `${head("v1", "Service")}spec:\n  selector: ${labels}\n  ports: [{name: http, port: 80, targetPort: 8080}]\n`;
    case 2:
      return `${head("rbac.authorization.k8s.io/v1", "Role")}rules: [{apiGroups: [""], resources: [pods], verbs: [get, list]}]\n`;
    default:
      return `${head("v1", "ConfigMap")}data:\n  settings: |\n${`    line ${index}\n`.repeat(20)}`;
  }
}
