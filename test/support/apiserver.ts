import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { ensureParts } from "../../parts/ensure-parts.ts";
import { type ClusterAccess, connectCluster } from "../../src/kube/index.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { withDeadline } from "../../src/lib/deadline.ts";
import { type CertificateTemplate, issueAuthority, issueLeaf } from "../../src/lib/x509/index.ts";

/** A real kube-apiserver over a real etcd, both on loopback, with an authority of its own. */
export interface TestApiServer {
  readonly server: string;
  /** CA certificate, PEM. */
  readonly ca: string;
  /** Administrator (group system:masters). */
  readonly admin: ClusterAccess;
  readonly kubeconfigYaml: string;
  readonly etcdUrl: string;
  /** A client certificate of the cluster's CA for this user. */
  readonly accessFor: (commonName: string, organizations?: readonly string[]) => ClusterAccess;
  /** Ends kube-apiserver as a crash would; etcd goes on. */
  readonly stopApiServer: () => Promise<void>;
  /** Starts it again at the same address; resolves when /readyz is ok. */
  readonly startApiServer: () => Promise<void>;
  /** Where its certificate authority and the key that signs service account tokens lie, for a controller manager beside it. */
  readonly files: { readonly ca: string; readonly accountsKey: string };
  /** Ends everything and removes its files. */
  readonly stop: () => Promise<void>;
}

const readyWithinMs = 60_000;

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => probe.once("error", reject).listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

interface Program {
  readonly child: ChildProcess;
  readonly logFile: string;
  readonly ended: Promise<void>;
}

function run(binary: string, args: readonly string[], logFile: string): Program {
  const log = openSync(logFile, "a");
  const child = spawn(binary, args, { stdio: ["ignore", log, log] });
  closeSync(log);
  // If the test's process dies, its children must not stay.
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => {
      process.removeListener("exit", kill);
      resolve();
    });
    child.once("error", () => resolve());
  });
  return { child, logFile, ended };
}

async function end(program: Program | undefined): Promise<void> {
  if (program === undefined) return;
  program.child.kill("SIGKILL");
  await program.ended;
}

async function until(what: string, program: Program, check: (signal: AbortSignal) => Promise<boolean>): Promise<void> {
  await withDeadline(readyWithinMs, { signal: new AbortController().signal, what }, async (signal) => {
    while (!(await check(signal).catch(() => false))) {
      if (program.child.exitCode !== null || program.child.signalCode !== null) {
        const log = await readFile(program.logFile, "utf8");
        throw new Error(`${what} ended:\n${log.split("\n").slice(-15).join("\n")}`);
      }
      await systemClock.sleep(100, { signal });
    }
  });
}

/**
 * Starts etcd and kube-apiserver from the parts (built first where the cache lacks them); about four seconds when cached.
 *
 * @param options.hasControllers - a controller manager will make service accounts, so pods get theirs; default false
 */
export async function startApiServer(options: { readonly hasControllers?: boolean } = {}): Promise<TestApiServer> {
  const parts = await ensureParts({ only: ["etcd", "kube-apiserver"], signal: new AbortController().signal });
  const folder = await mkdtemp(path.join(tmpdir(), "skerry-apiserver-"));
  const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const server = `https://127.0.0.1:${port}`;

  const day = 86_400_000;
  const validity = { notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + day) };
  const authority = issueAuthority(
    { ...validity, subject: { commonName: "test-kubernetes" }, key: "p256" },
    { random: randomBytes },
  );
  const leaf = (template: Partial<CertificateTemplate>) =>
    issueLeaf(
      authority,
      { ...validity, subject: {}, key: "p256", keyUsage: ["digitalSignature", "keyEncipherment"], ...template },
      { random: randomBytes },
    );
  const serving = leaf({
    subject: { commonName: "kube-apiserver" },
    extendedKeyUsage: ["serverAuth"],
    ipAddresses: ["127.0.0.1"],
    dnsNames: ["kubernetes.default.svc"],
  });
  const accounts = leaf({ subject: { commonName: "service-accounts" } });
  const files = {
    "ca.crt": authority.certificatePem,
    "serving.crt": serving.certificatePem,
    "serving.key": serving.keyPem,
    "accounts.key": accounts.keyPem,
  };
  const file = (name: keyof typeof files) => path.join(folder, name);
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text, { mode: 0o600 });

  const accessFor = (commonName: string, organizations: readonly string[] = []): ClusterAccess => {
    const client = leaf({ subject: { commonName, organizations }, extendedKeyUsage: ["clientAuth"] });
    return { server, ca: authority.certificatePem, cert: client.certificatePem, key: client.keyPem };
  };
  const admin = accessFor("test-admin", ["system:masters"]);

  const etcd = run(
    parts.etcd,
    [
      `--data-dir=${path.join(folder, "etcd")}`,
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
      "--unsafe-no-fsync",
      "--log-level=error",
    ],
    path.join(folder, "etcd.log"),
  );
  let apiServer: Program | undefined;
  const start = async () => {
    apiServer = run(
      parts["kube-apiserver"],
      [
        `--etcd-servers=${etcdUrl}`,
        "--bind-address=127.0.0.1",
        `--secure-port=${port}`,
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--service-account-issuer=https://kubernetes.default.svc",
        `--service-account-key-file=${file("accounts.key")}`,
        `--service-account-signing-key-file=${file("accounts.key")}`,
        `--client-ca-file=${file("ca.crt")}`,
        `--tls-cert-file=${file("serving.crt")}`,
        `--tls-private-key-file=${file("serving.key")}`,
        "--authorization-mode=Node,RBAC",
        "--allow-privileged=true",
        // Where no controller manager makes service accounts, no pod could be created.
        ...(options.hasControllers === true ? [] : ["--disable-admission-plugins=ServiceAccount"]),
      ],
      path.join(folder, "kube-apiserver.log"),
    );
    const cluster = connectCluster(admin, { timeoutMs: 5_000 });
    try {
      await until("kube-apiserver", apiServer, async (signal) => (await cluster.readyz({ signal })).isReady);
    } finally {
      await cluster.close();
    }
  };
  const stop = async () => {
    await end(apiServer);
    await end(etcd);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    server,
    ca: authority.certificatePem,
    admin,
    kubeconfigYaml: kubeconfigOf(admin),
    etcdUrl,
    accessFor,
    stopApiServer: () => end(apiServer),
    startApiServer: start,
    files: { ca: file("ca.crt"), accountsKey: file("accounts.key") },
    stop,
  };
}

function kubeconfigOf({ server, ca, cert = "", key = "" }: ClusterAccess): string {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "admin@test",
    clusters: [{ name: "test", cluster: { server, "certificate-authority-data": base64(ca) } }],
    users: [{ name: "admin@test", user: { "client-certificate-data": base64(cert), "client-key-data": base64(key) } }],
    contexts: [{ name: "admin@test", context: { cluster: "test", user: "admin@test", namespace: "default" } }],
  });
}
