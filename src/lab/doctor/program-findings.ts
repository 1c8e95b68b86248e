import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { programIn } from "../contained/rack/lab-rootfs.ts";
import { runProgram } from "../contained/rack/run-program.ts";
import { type Finding, finding } from "./diagnosis.ts";

const plugins = ["bridge", "firewall", "flannel", "host-local", "loopback", "portmap"];
/** Where a machine's root has its CNI plugins. */
const PLUGINS = "opt/cni/bin";
const ANSWER_MS = 5000;
const rebuild = "node parts/build.ts --only lab-rootfs    in a clone of Skerry makes it anew";

/** The programs in the lab root filesystem, by their own words. @param rootfs - a folder that is there */
export async function programFindings(
  rootfs: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly Finding[]> {
  return await Promise.all([
    ...["containerd", "runc"].map((name) => programFinding(rootfs, name, signal)),
    pluginFinding(rootfs, signal),
  ]);
}

async function programFinding(rootfs: string, name: string, signal: AbortSignal): Promise<Finding> {
  const file = join(rootfs, programIn(rootfs, name) ?? `usr/bin/${name}`);
  const version = existsSync(file) ? await versionOf(file, ["--version"], signal) : undefined;
  return finding({
    group: "contained",
    id: name,
    title: name,
    ok: version !== undefined,
    detail: version === undefined ? `${file} does not run` : `${version}, ${file}`,
    next: rebuild,
    needed: ["contained"],
  });
}

async function pluginFinding(rootfs: string, signal: AbortSignal): Promise<Finding> {
  const folder = join(rootfs, PLUGINS);
  const absent = plugins.filter((name) => !existsSync(join(folder, name)));
  const versions = await Promise.all(
    // In flannel's place is Skerry's own, which has no version.
    plugins.filter((name) => name !== "flannel").map((name) => versionOf(join(folder, name), [], signal)),
  );
  const ok = absent.length === 0 && !versions.includes(undefined);
  const version = [...new Set(versions)].join(" and ");
  return finding({
    group: "contained",
    id: "cni-plugins",
    title: "CNI plugins",
    ok,
    detail: ok
      ? `${version}, ${folder}; rack-net in the place of flannel`
      : absent.length > 0
        ? `${folder} lacks ${absent.join(", ")}`
        : `those in ${folder} do not run`,
    next: rebuild,
    needed: ["contained"],
  });
}

/** The version that a program tells on either stream; undefined where it does not run, or tells none. */
async function versionOf(file: string, args: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    // A CNI plugin that is asked for nothing tells its version on stderr.
    const said = await runProgram("sh", ["-c", 'unset CNI_COMMAND; exec "$@" 2>&1', "sh", file, ...args], {
      signal: limited,
    });
    return /\bv?(\d+\.\d+[^\s,]*)/.exec(said.replaceAll(/\S*\/\S*/g, ""))?.[1];
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** For looking at a cluster; no rack needs it. */
export function kubectlFinding(env: Readonly<Record<string, string | undefined>>): Finding {
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const file = folders.map((folder) => join(folder, "kubectl")).find((path) => existsSync(path));
  return finding({
    group: "computer",
    id: "kubectl",
    title: "kubectl",
    ok: file !== undefined,
    detail: file ?? "not on the PATH; only looking into clusters needs it",
    next: "node parts/build.ts --only kubectl    in a clone of Skerry makes one and prints its path",
    needed: [],
  });
}
