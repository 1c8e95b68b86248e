import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { lstat, mkdir, readdir, readFile, readlink, realpath, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { execa } from "execa";
import { extract } from "tar-stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ensureImages,
  ensureLabRootfs,
  ensureParts,
  type Internet,
  images,
  type PartsEvent,
  startInternet,
} from "../../parts/index.ts";
import { startApiServer, type TestApiServer } from "../support/apiserver.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const { signal } = new AbortController();

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly architecture: string };
}

interface Manifest {
  readonly manifests?: readonly Descriptor[];
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
}

async function sha256(stream: AsyncIterable<Uint8Array>): Promise<{ readonly digest: string; readonly size: number }> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { digest: `sha256:${hash.digest("hex")}`, size };
}

describe("startInternet()", () => {
  let internet: Internet;
  beforeAll(async () => {
    internet = await startInternet({ signal });
  });
  afterAll(async () => {
    await internet.stop();
  });

  /** The address that a client makes of a reference and the override of its host. */
  function addressOf(reference: string, kind: "manifests" | "blobs", name: string): string {
    const slash = reference.indexOf("/");
    const root = internet.overrides[reference.slice(0, slash)];
    return `${root}/${reference.slice(slash + 1, reference.lastIndexOf(":"))}/${kind}/${name}`;
  }

  async function manifestOf(reference: string, name: string): Promise<Manifest> {
    const response = await fetch(addressOf(reference, "manifests", name), {
      headers: { accept: "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json" },
    });
    const text = await response.text();
    expect(response.status).toBe(200);
    const digest = `sha256:${createHash("sha256").update(text).digest("hex")}`;
    expect(response.headers.get("docker-content-digest")).toBe(digest);
    return JSON.parse(text) as Manifest;
  }

  async function blobOf(reference: string, descriptor: Descriptor): Promise<Readable> {
    const response = await fetch(addressOf(reference, "blobs", descriptor.digest));
    expect(response.status).toBe(200);
    if (response.body === null) throw new Error("no body");
    return Readable.fromWeb(response.body);
  }

  it.each(images.map((image) => image.reference))("serves %s by its name, every digest right", async (reference) => {
    const top = await manifestOf(reference, reference.slice(reference.lastIndexOf(":") + 1));
    const children = await Promise.all((top.manifests ?? []).map((child) => manifestOf(reference, child.digest)));
    const manifests = top.manifests === undefined ? [top] : children;

    const blobs = manifests.flatMap((manifest) => [
      ...(manifest.config ? [manifest.config] : []),
      ...(manifest.layers ?? []),
    ]);
    expect(blobs.length).toBeGreaterThan(1);
    for (const blob of blobs) {
      expect(await sha256(await blobOf(reference, blob))).toEqual({ digest: blob.digest, size: blob.size });
    }
  });

  it("has one image of two architectures", async () => {
    const index = await manifestOf("registry.k8s.io/pause:3.10.1", "3.10.1");

    expect(index.manifests?.map((child) => child.platform?.architecture)).toEqual(["amd64", "arm64"]);
  });

  it("has the built program in its image, byte for byte", async () => {
    const { etcd } = await ensureParts({ only: ["etcd"], signal });
    const reference = "registry.k8s.io/etcd:v3.6.12";
    const { layers = [] } = await manifestOf(reference, "v3.6.12");

    const found = new Map<string, { readonly digest: string }>();
    for (const layer of layers) {
      const tar = extract();
      (await blobOf(reference, layer)).pipe(createGunzip()).pipe(tar);
      for await (const entry of tar)
        found.set(entry.header.name, await sha256(entry as unknown as AsyncIterable<Uint8Array>));
    }

    expect(found.get("usr/local/bin/etcd")).toEqual(await sha256(createReadStream(etcd)));
  });

  it("is filled once: a second start pushes nothing, also beside the first", async () => {
    const events: PartsEvent[] = [];

    const second = await startInternet({ signal, report: (event) => events.push(event) });

    await second.stop();
    expect(events.map((event) => event.kind)).toEqual(["cached"]);
  });

  it("refuses a port that is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    if (address === null || typeof address === "string") throw new Error("no port");

    await expect(startInternet({ signal, port: address.port })).rejects.toMatchObject({ code: "PARTS_PORT_TAKEN" });

    other.close();
  });

  it("is gone after stop", async () => {
    const second = await startInternet({ signal });

    await second.stop();

    await expect(fetch(second.url)).rejects.toThrow();
  });
});

describe("kube-apiserver and etcd", () => {
  let server: TestApiServer;
  beforeAll(async () => {
    server = await startApiServer();
  });
  afterAll(async () => {
    await server.stop();
  });

  it("become ready, and kubectl sees the versions of the table", async () => {
    await using folder = await temporaryFolder();
    const { kubectl } = await ensureParts({ only: ["kubectl"], signal });
    const kubeconfig = path.join(folder.path, "kubeconfig");
    await writeFile(kubeconfig, server.kubeconfigYaml, { mode: 0o600 });

    const ready = await execa(kubectl, ["--kubeconfig", kubeconfig, "get", "--raw", "/readyz"]);
    const versions = await execa(kubectl, ["--kubeconfig", kubeconfig, "version", "--output=json"]);

    expect(ready.stdout).toBe("ok");
    expect(JSON.parse(versions.stdout)).toMatchObject({
      clientVersion: { gitVersion: "v1.36.3", major: "1", minor: "36" },
      serverVersion: { gitVersion: "v1.36.3", major: "1", minor: "36" },
    });
  });
});

/** Runs a program in a folder as its root, where neither this machine's mounts nor its network are in reach. */
async function runIn(root: string, command: readonly string[], options: { readonly user?: string } = {}) {
  const user = options.user ?? "0:0";
  // Paths as images have them; the environment of this machine means nothing there.
  const env = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };
  return execa(
    "/usr/bin/unshare",
    ["--mount", "--net", "--uts", "--ipc", "/usr/sbin/chroot", `--userspec=${user}`, root, ...command],
    { env, extendEnv: false, stdin: "ignore", reject: false },
  );
}

describe("ensureLabRootfs()", () => {
  let root: string;
  beforeAll(async () => {
    root = await ensureLabRootfs({ signal });
  });

  it.each([
    ["containerd --version", "containerd github.com/containerd/containerd/v2 v2.2.9"],
    ["containerd-shim-runc-v2 -v", "v2.2.9"],
    ["ctr --version", "ctr github.com/containerd/containerd/v2 v2.2.9"],
    ["runc --version", "libseccomp: "],
    ["nft --version", "nftables v1."],
    ["iptables --version", "(nf_tables)"],
    ["iptables-save --version", "(nf_tables)"],
    ["ip6tables-restore --version", "(nf_tables)"],
    ["ip -V", "iproute2-"],
    ["mount --version", "util-linux"],
    ["umount --version", "util-linux"],
    ["nsenter --version", "util-linux"],
    ["unshare --version", "util-linux"],
    ["/bin/busybox", "BusyBox v1."],
    ["/opt/cni/bin/bridge", "CNI bridge plugin v1.9.1"],
    ["/opt/cni/bin/firewall", "CNI firewall plugin v1.9.1"],
    ["/opt/cni/bin/host-local", "CNI host-local plugin v1.9.1"],
    ["/opt/cni/bin/loopback", "CNI loopback plugin v1.9.1"],
    ["/opt/cni/bin/portmap", "CNI portmap plugin v1.9.1"],
  ])("is a root in which `%s` runs", async (command, words) => {
    const result = await runIn(root, command.split(" "));

    expect([result.exitCode, `${result.stdout}${result.stderr}`]).toEqual([0, expect.stringContaining(words)]);
  });

  it("has iptables that load their modules and speak to the kernel", async () => {
    const rule = "iptables -t nat -A POSTROUTING -m comment --comment pods -m conntrack --ctstate NEW -j MASQUERADE";

    const result = await runIn(root, ["sh", "-c", `${rule} && nft list table ip nat`]);

    expect([result.exitCode, result.stderr]).toEqual([0, expect.any(String)]);
    expect(result.stdout).toMatch(/ct state new .*masquerade/);
  });

  it("calls itself what a kubelet of Talos reports, and says what it is", async () => {
    const text = await readFile(path.join(root, "etc/os-release"), "utf8");

    expect(text).toContain('PRETTY_NAME="Talos (v1.13.9)"\n');
    expect(text).toContain("VARIANT_ID=skerry-lab\n");
  });

  it("has nothing setuid, and nothing that a link leads out of", async () => {
    const entries = await readdir(root, { recursive: true, withFileTypes: true });

    const modes = await Promise.all(entries.map((entry) => lstat(path.join(entry.parentPath, entry.name))));
    const links = entries
      .filter((entry) => entry.isSymbolicLink())
      .map((entry) => path.join(entry.parentPath, entry.name));
    const lost = [];
    for (const link of links) {
      const target = await readlink(link);
      const inside = target.startsWith("/") ? path.join(root, target) : path.resolve(path.dirname(link), target);
      if (!(await realpath(inside).catch(() => "")).startsWith(root)) lost.push(path.relative(root, link));
    }

    expect(modes.filter((stats) => (stats.mode & 0o6000) !== 0)).toEqual([]);
    expect(links.length).toBeGreaterThan(100);
    expect(lost).toEqual([]);
  });

  it("is found by the link that the shipped program follows, and made once", async () => {
    const events: PartsEvent[] = [];

    const again = await ensureLabRootfs({ signal, report: (event) => events.push(event) });

    expect(again).toBe(root);
    expect(events.map((event) => event.kind)).toEqual(["cached"]);
    expect(await realpath(path.resolve(root, "../../../../lab-rootfs"))).toBe(await realpath(root));
  });
});

/** What the images start, as the user that Talos' static pods start it by. */
const started: readonly (readonly [reference: string, user: string, command: string, words: string])[] = [
  ["registry.k8s.io/kube-apiserver:v1.36.3", "65534:65534", "/usr/local/bin/kube-apiserver --version", "v1.36.3"],
  [
    "registry.k8s.io/kube-controller-manager:v1.36.3",
    "65535:65535",
    "/usr/local/bin/kube-controller-manager --version",
    "v1.36.3",
  ],
  ["registry.k8s.io/kube-scheduler:v1.36.3", "65536:65536", "/usr/local/bin/kube-scheduler --version", "v1.36.3"],
  ["registry.k8s.io/etcd:v3.6.12", "60:60", "/usr/local/bin/etcd --version", "etcd Version: 3.6.12"],
  ["registry.k8s.io/etcd:v3.6.12", "60:60", "/usr/local/bin/etcdutl version", "etcdutl version: 3.6."],
  ["registry.k8s.io/kube-proxy:v1.36.3", "0:0", "/usr/local/bin/kube-proxy --version", "v1.36.3"],
  ["registry.k8s.io/kube-proxy:v1.36.3", "0:0", "nft list ruleset", ""],
  ["ghcr.io/siderolabs/kubelet:v1.36.3", "0:0", "/usr/local/bin/kubelet --version", "v1.36.3"],
  ["ghcr.io/siderolabs/kubelet:v1.36.3", "0:0", "mount --version", "util-linux"],
  ["ghcr.io/siderolabs/kubelet:v1.36.3", "0:0", "umount --version", "util-linux"],
  ["registry.k8s.io/coredns/coredns:v1.14.6", "0:0", "/coredns -version", "CoreDNS-1.14.6"],
  ["docker.io/library/registry:3", "0:0", "registry --version", "v3.1.2"],
  ["registry.k8s.io/e2e-test-images/agnhost:2.63.0", "65534:65534", "/agnhost --version", "app version"],
  ["registry.k8s.io/e2e-test-images/agnhost:2.63.0", "65534:65534", "/bin/sh -c pwd", "/"],
  ["ghcr.io/siderolabs/flannel:0.28.8", "0:0", "/opt/bin/flanneld --version", "flannel 0.28.8"],
  ["ghcr.io/siderolabs/flannel:0.28.8", "0:0", "cp -f /etc/group /etc/cni-conf", ""],
];

describe("ensureImages()", () => {
  it.each([...new Set(started.map(([reference]) => reference))])(
    "%s runs what it is for",
    { timeout: 60_000 },
    async (reference) => {
      await using folder = await temporaryFolder();
      const { layoutFolder } = await ensureImages({ signal });
      const blob = (digest: string): string => path.join(layoutFolder, "blobs", digest.replace(":", "/"));
      const index = JSON.parse(await readFile(path.join(layoutFolder, "index.json"), "utf8")) as {
        readonly manifests: readonly (Descriptor & { readonly annotations: Readonly<Record<string, string>> })[];
      };
      const descriptor = index.manifests.find((row) => Object.values(row.annotations).includes(reference));
      const manifest = JSON.parse(await readFile(blob(descriptor?.digest ?? ""), "utf8")) as Manifest;
      const root = path.join(folder.path, "root");
      await mkdir(root);
      for (const layer of manifest.layers ?? [])
        await execa("/usr/bin/tar", [
          "--extract",
          "--gzip",
          "--same-owner",
          "--preserve-permissions",
          "--file",
          blob(layer.digest),
          "--directory",
          root,
        ]);

      for (const [, user, command, words] of started.filter((row) => row[0] === reference)) {
        const result = await runIn(root, command.split(" "), { user });

        expect([command, result.exitCode, `${result.stdout}${result.stderr}`]).toEqual([
          command,
          0,
          expect.stringContaining(words),
        ]);
      }
      if (reference.includes("/kubelet:")) expect(await readlink(path.join(root, "var/run"))).toBe("/run");
      await rm(root, { recursive: true });
    },
  );
});
