import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { ensureImages, ensureParts, startInternet } from "../../parts/index.ts";
import { interruptible } from "../../parts/interruptible.ts";
import { progressView } from "../../parts/progress-view.ts";
import { listRacks } from "../../src/lab/index.ts";

/**
 * The README's first command: real images, a registry that plays the internet, a rack, a bundle, and a cluster. Run again, it
 * finds everything done and says so. A rack that is there is used, also one whose computer was switched off meanwhile.
 */
const rack = "demo";
const { XDG_STATE_HOME: xdg = "" } = process.env;
const stateHome = isAbsolute(xdg) ? xdg : join(homedir(), ".local", "state");
const stateDir = join(stateHome, "skerry");
const folder = join(stateDir, "demo");
const skerryFile = resolve("dist/skerry.js");

/** A command that did not end well; what it printed says why. */
class CommandFailed extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exit code ${code}`);
    this.code = code;
  }
}

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
    await run(process.execPath, ["src/cli/build.ts"]);
    const { kubectl } = await ensureParts({ signal, report });
    await ensureImages({ signal, report });
    const known = listRacks(stateDir).find((listed) => listed.name === rack);
    if (known !== undefined && !(await isOurs(known))) return;
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
    if (known?.running === true) console.error(`The rack ${rack} runs already, since ${known.started}.`);
    else {
      if (known !== undefined) {
        console.error(
          `The rack ${rack} is there but does not run (was this computer restarted?): its power goes on again.`,
        );
      }
      await skerry(["lab", "up", rack]);
    }

    step("4  Up");
    await skerry(["up", "--rack", rack, "--yes"]);

    step("5  What Kubernetes itself says");
    const kubeconfig = join(stateDir, "racks", rack, "state", "kubeconfig");
    await run(kubectl, ["--kubeconfig", kubeconfig, "get", "nodes,deployments,pods", "--all-namespaces", "-o", "wide"]);
    console.error(`
The rack goes on running. Try:

  export KUBECONFIG=${kubeconfig}
  ${kubectl} get pods --all-namespaces
  npm run skerry -- status --rack ${rack}
  npm run demo                         again: there is nothing to do
  npm run skerry -- lab down ${rack}      ends it

The same by hand, with explanations: docs/tutorials/a-rack-in-ten-minutes.md
`);
  } finally {
    stop();
  }
}

/** Whether the rack of this name was made by this demo as it is now; says what to do where it was not. */
async function isOurs(known: ReturnType<typeof listRacks>[number]): Promise<boolean> {
  const mine = join(folder, "site.yaml");
  const written = await readFile(mine, "utf8").catch(() => "");
  const wanted = await readFile("bundles/demo/site.yaml", "utf8");
  const problem =
    known.sourceSite !== mine
      ? `was made from ${known.sourceSite}, not by this demo`
      : !known.kubernetes
        ? "was started without Kubernetes"
        : written !== wanted
          ? "was made by the demo of another version, whose site was another"
          : undefined;
  if (problem === undefined) return true;
  console.error(`
There is a rack ${rack} already, and it ${problem}. Nothing was done to it.

  npm run skerry -- lab down ${rack}            removes it; then npm run demo makes a new one
  XDG_STATE_HOME=/some/folder npm run demo   leaves it alone
`);
  process.exitCode = 2;
  return false;
}

async function writeDefinition(): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await cp("bundles/demo", folder, { recursive: true });
  if (existsSync(join(folder, "demo.pub"))) return;
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  await writeFile(join(folder, "demo.key"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  await writeFile(join(folder, "demo.pub"), publicKey.export({ type: "spki", format: "pem" }));
}

function step(title: string): void {
  console.error(`\n── ${title}`);
}

async function skerry(args: readonly string[]): Promise<void> {
  console.error(`\n$ skerry ${args.join(" ")}`);
  await run(process.execPath, [skerryFile, ...args], folder);
}

/** Ctrl-C reaches the command as it reaches us; it ends in its own way, and then we do. */
async function run(program: string, args: readonly string[], cwd = process.cwd()): Promise<void> {
  const code = await new Promise<number>((done, reject) => {
    spawn(program, args, { cwd, stdio: ["ignore", "inherit", "inherit"] })
      .once("error", reject)
      .once("exit", (exit) => done(exit ?? 1));
  });
  if (code !== 0) throw new CommandFailed(code);
}
