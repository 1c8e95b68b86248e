import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ensureParts } from "../../../parts/ensure-parts.ts";
import type { TestApiServer } from "../apiserver.ts";

/** Those that make and end what deployments leave behind. None looks after nodes, of which there are none. */
const controllers = [
  "namespace-controller",
  "serviceaccount-controller",
  "root-ca-certificate-publisher-controller",
  "garbage-collector-controller",
  "deployment-controller",
  "replicaset-controller",
  "statefulset-controller",
  "daemonset-controller",
  "job-controller",
  "cronjob-controller",
];

/** A real kube-controller-manager beside a test's API server; ends with this process at the latest. */
export async function startControllerManager(api: TestApiServer): Promise<{ readonly stop: () => Promise<void> }> {
  const parts = await ensureParts({ only: ["kube-controller-manager"], signal: new AbortController().signal });
  const folder = await mkdtemp(path.join(tmpdir(), "skerry-controllers-"));
  const kubeconfig = path.join(folder, "kubeconfig");
  await writeFile(kubeconfig, api.kubeconfigYaml, { mode: 0o600 });
  const log = openSync(path.join(folder, "log"), "a");
  const child = spawn(
    parts["kube-controller-manager"],
    [
      `--kubeconfig=${kubeconfig}`,
      `--root-ca-file=${api.files.ca}`,
      `--service-account-private-key-file=${api.files.accountsKey}`,
      `--controllers=${controllers.join(",")}`,
      "--leader-elect=false",
      // Serves nobody, so it needs no port.
      "--secure-port=0",
      // The defaults are for clusters whose API server has other clients.
      "--kube-api-qps=1000",
      "--kube-api-burst=2000",
    ],
    { stdio: ["ignore", log, log] },
  );
  closeSync(log);
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  return {
    stop: async () => {
      process.removeListener("exit", kill);
      if (child.exitCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}
