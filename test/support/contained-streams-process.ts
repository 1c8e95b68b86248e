import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { injectData } from "../../src/deployer/injections/index.ts";
import { connectCluster, connectStreams } from "../../src/kube/index.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { isOperatorError } from "../../src/lib/errors/index.ts";
import { componentOfFolder } from "./component-files.ts";

/**
 * Run in the network of a rack's laptop: what our own streams do to real pods, as JSON. Its arguments: the rack's state folder, the marker
 * that Pod/default/holder waits for in /data. Pods and Services `near` and `far` serve HTTP.
 */
const [stateFolder = "", marker = ""] = process.argv.slice(2);
const signal = AbortSignal.timeout(90_000);
const kubeconfigYaml = await readFile(join(stateFolder, "kubeconfig"), "utf8");
const cluster = connectCluster({ kubeconfigYaml });
const streams = connectStreams({ kubeconfigYaml }, cluster);
const near = { namespace: "default", pod: "near" };
const folder = await mkdtemp(join(tmpdir(), "skerry-streams-"));

/** Much goes through a container and comes back. */
async function throughCat() {
  const sent = Buffer.alloc(8 << 20, "not all the same bytes, by far: 0123456789 ");
  const came = createHash("sha256");
  const since = performance.now();
  const outcome = await streams.exec(
    {
      ...near,
      command: ["sh", "-c", "cat; echo said >&2; exit 7"],
      stdin: (async function* () {
        yield sent;
      })(),
      onStdout: (chunk) => void came.update(chunk),
    },
    { signal },
  );
  const isSame = came.digest("hex") === createHash("sha256").update(sent).digest("hex");
  return {
    exitCode: outcome.exitCode,
    stderr: outcome.stderr.trim(),
    isSame,
    ms: Math.round(performance.now() - since),
  };
}

async function withoutProgram() {
  try {
    return (await streams.exec({ ...near, command: ["no-such-program"] }, { signal })).exitCode;
  } catch (error) {
    return isOperatorError(error) ? error.code : String(error);
  }
}

/** Many connections to a Service, and one to a port where nobody listens. */
async function throughPorts() {
  const far = { kind: "Service", namespace: "default", name: "far", port: 80 } as const;
  const forward = await streams.portForward(far, { signal });
  const deaf = await streams.portForward({ kind: "Pod", namespace: "default", name: "far", port: 9 }, { signal });
  try {
    const ask = async (): Promise<string> => {
      const answer = await fetch(`http://${forward.host}:${forward.port}/hostname`, {
        headers: { connection: "close" },
      });
      return await answer.text();
    };
    const names = await Promise.all(Array.from({ length: 10 }, ask));
    const failed = await fetch(`http://${deaf.host}:${deaf.port}/`).then(
      () => false,
      () => true,
    );
    const brokenBy = deaf.brokenBy();
    return { names: [...new Set(names)], failed, brokenBy: isOperatorError(brokenBy) ? brokenBy.code : brokenBy };
  } finally {
    await forward.close();
    await deaf.close();
  }
}

async function injected() {
  const data = join(folder, "data", "0", "data");
  await mkdir(join(data, "deep"), { recursive: true });
  await writeFile(join(data, "deep", "file"), "from the laptop");
  await injectData({
    cluster,
    streams,
    files: await componentOfFolder(folder),
    injection: {
      target: { namespace: "default", selector: "app=holder", container: "loader", path: "/data" },
      compress: true,
    },
    index: 0,
    marker,
    clock: systemClock,
    signal,
  });
  const holder = { namespace: "default", pod: "holder", container: "web" };
  return (await streams.exec({ ...holder, command: ["cat", "/data/deep/file"] }, { signal })).stdout;
}

try {
  console.log(
    JSON.stringify({
      cat: await throughCat(),
      withoutProgram: await withoutProgram(),
      ports: await throughPorts(),
      injected: await injected(),
    }),
  );
} finally {
  await cluster.close();
  await rm(folder, { recursive: true });
}
