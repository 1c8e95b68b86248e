import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { ensureImages, ensureParts, startInternet } from "../../parts/index.ts";
import { progressView } from "../../parts/progress-view.ts";

/**
 * The README's first command: real images, a registry that plays the internet, a rack, a bundle, and a cluster. Run again, it
 * finds everything done and says so.
 */
const rack = "demo";
const stateHome = process.env["XDG_STATE_HOME"] ?? join(homedir(), ".local", "state");
const folder = join(stateHome, "skerry", "demo");
const { signal } = new AbortController();
const { report, stop } = progressView(process.stderr);

await run([process.execPath, "src/cli/build.ts"]);
const { kubectl } = await ensureParts({ signal, report });
await ensureImages({ signal, report });

await mkdir(folder, { recursive: true, mode: 0o700 });
await cp("bundles/demo", folder, { recursive: true });
if (!existsSync(join(folder, "demo.key"))) {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  await writeFile(join(folder, "demo.key"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  await writeFile(join(folder, "demo.pub"), publicKey.export({ type: "spki", format: "pem" }));
}

const internet = await startInternet({ signal, report });
try {
  const overrides = Object.entries(internet.overrides).flatMap(([host, url]) => [
    "--registry-override",
    `${host}=${url}`,
  ]);
  await skerry(["bundle", "create", ...overrides]);
} finally {
  await internet.stop();
  stop();
  console.error("\nthe registry that played the internet is switched off\n");
}

if (!existsSync(join(stateHome, "skerry", "racks", rack))) await skerry(["lab", "up", rack]);
await skerry(["up", "--rack", rack, "--yes"]);

const kubeconfig = join(stateHome, "skerry", "racks", rack, "state", "kubeconfig");
await run([kubectl, "--kubeconfig", kubeconfig, "get", "nodes,deployments,pods", "--all-namespaces", "-o", "wide"]);
console.error(`
The rack goes on running. Try:

  export KUBECONFIG=${kubeconfig}
  ${kubectl} get pods --all-namespaces
  npm run skerry -- status --rack ${rack}
  npm run demo                               # again: there is nothing to do
  npm run skerry -- lab down ${rack}         # end it
`);

async function skerry(args: readonly string[]): Promise<void> {
  console.error(`\n$ skerry ${args.filter((arg) => !arg.startsWith("http")).join(" ")}`);
  await run([process.execPath, resolve("dist/skerry.js"), ...args], folder);
}

async function run(command: readonly string[], cwd = process.cwd()): Promise<void> {
  const [program = "", ...args] = command;
  const code = await new Promise<number | null>((done, reject) => {
    spawn(program, args, { cwd, stdio: ["ignore", "inherit", "inherit"] })
      .once("error", reject)
      .once("exit", done);
  });
  if (code !== 0) throw new Error(`exit code ${code} from ${program} ${args.slice(0, 3).join(" ")}`);
}
