import { generateKeyPairSync } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { ensureImages, ensureParts, startInternet } from "../../parts/index.ts";
import { interruptible } from "../../parts/interruptible.ts";
import { progressView } from "../../parts/progress-view.ts";
import { type InteriorKind, listRacks, type RackListing } from "../../src/lab/index.ts";
import { chooseInterior } from "./choose-interior.ts";
import { strangenessOf } from "./earlier-rack.ts";
import { CommandFailed, runProgram } from "./run-program.ts";

/**
 * The README's first command: real images, a registry that plays the internet, a rack, a bundle, and a cluster. Run again, it
 * finds everything done and says so. A rack that is there is used, also one whose computer was switched off meanwhile.
 */
const rack = "demo";
const NODES = 3;
const { XDG_STATE_HOME: xdg = "" } = process.env;
const stateHome = isAbsolute(xdg) ? xdg : join(homedir(), ".local", "state");
const stateDir = join(stateHome, "skerry");
const folder = join(stateDir, "demo");
const skerryFile = resolve("dist/skerry.js");

await interruptible(async (signal) => {
  try {
    await demo(signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CommandFailed)) throw error;
    console.error("\nThe demo ended here; `npm run demo` goes on from where it is.");
    process.exitCode = error.code;
  }
});

async function demo(signal: AbortSignal): Promise<void> {
  const { report, stop } = progressView(process.stderr);
  try {
    step("1  Real programs and their images (built once, then kept)");
    await runProgram(process.execPath, ["src/cli/build.ts"]);
    const { kubectl } = await ensureParts({ signal, report });
    await ensureImages({ signal, report });
    const known = listRacks(stateDir).find((listed) => listed.name === rack);
    const strange = known === undefined ? undefined : await strangenessOf(known, folder);
    if (strange !== undefined) {
      refuse(strange);
      return;
    }
    const { interior, why } = await chooseInterior({ known, nodes: NODES, stateDir, signal, report });
    await writeDefinition();

    step("2  One sealed file, made where there is internet: here a registry on loopback that plays it");
    const internet = await startInternet({ signal, report });
    try {
      const overrides = Object.entries(internet.overrides).map(([host, url]) => `${host}=${url}`);
      await skerry(["bundle", "create", ...overrides.flatMap((text) => ["--registry-override", text])]);
    } finally {
      await internet.stop();
    }
    console.error("\nThe registry that played the internet is switched off. From here on the file is all there is.");

    step("3  Bare machines");
    console.error(why);
    await startMachines(known, interior);

    step("4  Up");
    await skerry(["up", "--rack", rack, "--yes"]);

    step("5  What Kubernetes itself says");
    await look(kubectl, interior);
    console.error(farewell(kubectl, interior));
  } finally {
    stop();
  }
}

function refuse(strange: string): void {
  console.error(`
There is a rack ${rack} already, and it ${strange}. Nothing was done to it.

  npm run skerry -- lab down ${rack}            removes it; then npm run demo makes a new one
  XDG_STATE_HOME=/some/folder npm run demo   leaves it alone
`);
  process.exitCode = 2;
}

async function writeDefinition(): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await cp("bundles/demo", folder, { recursive: true });
  if (existsSync(join(folder, "demo.pub"))) return;
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  await writeFile(join(folder, "demo.key"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  await writeFile(join(folder, "demo.pub"), publicKey.export({ type: "spki", format: "pem" }));
}

async function startMachines(known: RackListing | undefined, interior: InteriorKind): Promise<void> {
  if (known?.running === true) {
    console.error(`The rack ${rack} runs already, since ${known.started}.`);
    return;
  }
  if (known !== undefined) {
    console.error(
      `The rack ${rack} is there but does not run (was this computer restarted?): its power goes on again.`,
    );
  }
  await skerry(["lab", "up", rack, "--interior", interior]);
}

/** Kubernetes' own view; and where pods run, what they say to each other. */
async function look(kubectl: string, interior: InteriorKind): Promise<void> {
  const onLaptop = async (...args: readonly string[]) => {
    await skerry(["lab", "exec", rack, "--", "kubectl", ...args], { kubectl });
  };
  await onLaptop("get", "nodes,deployments,pods", "--all-namespaces", "--output=wide");
  if (interior === "modelled") return;
  const inPod = ["exec", "--namespace=demo", "deployment/web", "--"];
  await onLaptop(...inPod, "nslookup", "web.demo.svc.cluster.local");
  await onLaptop(...inPod, "wget", "-qO-", "http://web/hostname");
  console.error("\n\nA pod found the Service by the cluster's DNS, and the pod named above answered through it.");
}

function farewell(kubectl: string, interior: InteriorKind): string {
  const inPods = `  skerry lab exec ${rack} -- kubectl exec -it -n demo deployment/web -- sh
  skerry lab exec ${rack} -- kubectl logs -n demo deployment/web --tail=5
  skerry lab exec ${rack} -- kubectl port-forward -n demo service/web 8080:80
  skerry lab fault ${rack} unplug=w-1                pulls a cable; lab fault ${rack} --clear mends it
`;
  const page = interior === "contained" ? "a-rack-with-real-containers.md" : "a-rack-in-ten-minutes.md";
  return `
The rack goes on running. Try:

  export PATH=${resolve("node_modules/.bin")}:${dirname(kubectl)}:$PATH
  skerry() { node ${skerryFile} "$@"; }
  skerry status --rack ${rack}
  skerry lab exec ${rack} -- kubectl get pods -A
${interior === "contained" ? inPods : ""}  npm run demo                                  again: there is nothing to do
  skerry lab down ${rack}                          ends it

The same by hand, with explanations: docs/tutorials/${page}
`;
}

function step(title: string): void {
  console.error(`\n── ${title}`);
}

async function skerry(args: readonly string[], tools: { readonly kubectl?: string } = {}): Promise<void> {
  console.error(`\n$ skerry ${args.join(" ")}`);
  const { PATH } = process.env;
  const env = tools.kubectl === undefined ? process.env : { ...process.env, PATH: `${dirname(tools.kubectl)}:${PATH}` };
  await runProgram(process.execPath, [skerryFile, ...args], { cwd: folder, env });
}
