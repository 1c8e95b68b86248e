import { join } from "node:path";
import { ensureParts } from "../parts/index.ts";
import { startRegistry } from "../parts/registry-process.ts";
import { createChartEngine, deployPackage, type OpenPackage } from "../src/deployer/index.ts";
import { connectCluster, record } from "../src/kube/index.ts";
import { startApiServer } from "../test/support/apiserver.ts";
import { chartPackage, imagePackage } from "./redeploy/packages.ts";
import { atMost, type Figure, median, printFigures } from "./support/figures.ts";
import { describeMachine } from "./support/machine.ts";
import { temporaryFolder } from "./support/temporary.ts";

/**
 * What it costs to deploy again what is there: one package of 100 images, and 50 packages with a chart each, against a real
 * kube-apiserver and registry:3: `node bench/redeploy.ts [ROUNDS]`.
 */
const [rounds = "3"] = process.argv.slice(2);
const IMAGES = 100;
const PACKAGES = 50;
const { signal } = new AbortController();

await measure(Number(rounds));

async function measure(count: number): Promise<void> {
  console.log(describeMachine());
  const { registry: binary } = await ensureParts({ only: ["registry"], signal: AbortSignal.timeout(600_000) });
  await using folder = await temporaryFolder();
  const registry = await startRegistry({ binary, storageDir: join(folder.path, "registry"), signal });
  const api = await startApiServer();
  const cluster = connectCluster({ kubeconfigYaml: api.kubeconfigYaml });
  const engine = createChartEngine();
  const deploy = async (pkg: OpenPackage) => await deployPackage({ pkg, cluster, engine, signal });
  const written = async () => {
    const { items } = await cluster.list({ apiVersion: "v1", kind: "Secret" }, { signal });
    return new Map(items.map(({ metadata }) => [`${metadata.namespace}/${metadata.name}`, metadata.resourceVersion]));
  };
  /** Seconds of deploying all of them again, and how many secrets that wrote. */
  const again = async (packages: readonly OpenPackage[]) => {
    const before = await written();
    const start = performance.now();
    for (const pkg of packages) await deploy(pkg);
    const seconds = (performance.now() - start) / 1000;
    const writes = [...(await written())].filter(([name, version]) => before.get(name) !== version).length;
    return { seconds, writes };
  };
  try {
    await initialise(cluster, new URL(registry.url).host);
    const images = imagePackage("images", IMAGES);
    const charts = await Promise.all(
      Array.from({ length: PACKAGES }, async (_, index) => await chartPackage(`chart-${index}`, engine, { signal })),
    );
    const figures: Figure[] = [];
    for (const [figure, packages, goal] of [
      [`1 package of ${IMAGES} images, again`, [images], 1],
      [`${PACKAGES} packages with a chart each, again`, charts, 5],
    ] as const) {
      const start = performance.now();
      for (const pkg of packages) await deploy(pkg);
      const first = (performance.now() - start) / 1000;
      const runs = [];
      for (let round = 0; round < count; round += 1) runs.push(await again(packages));
      const seconds = median(runs.map((run) => run.seconds));
      const writes = Math.max(...runs.map((run) => run.writes));
      figures.push({
        figure,
        ours: `${seconds.toFixed(2)} s`,
        against: `first ${first.toFixed(2)} s`,
        ratio: seconds / first,
        goal: atMost(seconds, goal, `≤ ${goal} s`),
      });
      figures.push({ figure: "  writes", ours: String(writes), goal: atMost(writes, packages.length, "≤ one each") });
    }
    printFigures(figures);
    console.log(`\nMedians of ${count} rounds in one process, engine and connections warm; ratio is again / first.`);
  } finally {
    await engine.close();
    await cluster.close();
    await api.stop();
    await registry.stop();
  }
}

/** As `zarf init` with an external registry leaves a cluster. */
async function initialise(cluster: ReturnType<typeof connectCluster>, address: string): Promise<void> {
  await cluster.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "zarf" } }, { signal });
  const user = { pushUsername: "push", pushPassword: "push", pullUsername: "pull", pullPassword: "pull" };
  const state = { distro: "unknown", registryInfo: { ...user, address, registryMode: "external" } };
  const secret = await cluster.create(
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "zarf-state", namespace: "zarf" },
      stringData: { state: JSON.stringify(state) },
    },
    { signal },
  );
  if (record(secret["data"]) === undefined) throw new Error("the state was not kept");
}
