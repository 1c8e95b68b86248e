import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { startInternet } from "../../parts/index.ts";
import { runMeasured } from "../support/processes.ts";

/** A folder with the sites of the bench and one bundle for them. */
export interface Desk {
  readonly folder: string;
  /** The built command line. */
  readonly skerry: string;
  /** STATE of the decision record on interfaces. */
  readonly stateDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly bundleFile: string;
}

export interface BenchSite {
  /** Also the rack's name and that of its file. */
  readonly name: string;
  readonly controlPlanes: number;
  readonly workers: number;
}

/** Nothing but what makes nodes Ready: Talos' own pod network, no packages. */
function siteText({ name, controlPlanes, workers }: BenchSite): string {
  const line = (node: string, role: string, index: number) =>
    `  - {name: ${node}, role: ${role}, address: 10.5.0.${2 + index}, disk: {path: /dev/sda}}`;
  const nodes = [
    ...Array.from({ length: controlPlanes }, (_, index) => line(`cp-${index + 1}`, "controlplane", index)),
    ...Array.from({ length: workers }, (_, index) => line(`w-${index + 1}`, "worker", controlPlanes + index)),
  ];
  return `apiVersion: skerry.dev/v1alpha1
kind: Site
name: ${name}
talos: v1.13.9
kubernetes: v1.36.3
endpoint: ${controlPlanes > 1 ? "10.5.0.100" : "10.5.0.2"}
nodes:
${nodes.join("\n")}
trust: {allowUnsigned: true}
`;
}

/** Writes the sites, and makes their bundle from the images of the parts. */
export async function layDesk(
  folder: string,
  sites: readonly BenchSite[],
  options: { readonly signal: AbortSignal },
): Promise<Desk> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const site of sites) await writeFile(join(folder, `${site.name}.yaml`), siteText(site));
  const names = sites.map(({ name }) => `${name}.yaml`).join(", ");
  await writeFile(
    join(folder, "bundle.yaml"),
    `apiVersion: skerry.dev/v1alpha1\nkind: Bundle\nname: bench\nsites: [${names}]\n`,
  );
  const state = join(folder, "s");
  const desk: Desk = {
    folder,
    skerry: resolve("dist/skerry.js"),
    stateDir: join(state, "skerry"),
    env: { ...process.env, NO_COLOR: "1", XDG_STATE_HOME: state },
    bundleFile: join(folder, "bench.bundle.tar"),
  };
  const internet = await startInternet(options);
  try {
    const overrides = Object.entries(internet.overrides).flatMap(([host, url]) => [
      "--registry-override",
      `${host}=${url}`,
    ]);
    await runMeasured([process.execPath, desk.skerry, "bundle", "create", ...overrides], {
      cwd: folder,
      env: desk.env,
      isQuiet: true,
    });
  } finally {
    await internet.stop();
  }
  return desk;
}
