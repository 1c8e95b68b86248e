import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ContainedRack, containedRack, type RunningSkerry } from "../support/contained-rack.ts";
import { type DemoSite, demoSite, onePlusOne, succeeded } from "../support/demo-site.ts";
import { notContainable } from "../support/lab/contained.ts";
import { dialIn, sayIn } from "../support/lab/network-sight.ts";

/** `up` on machines that are real inside: pods run, find each other and are reached as everywhere. */
const lacking = await notContainable(2);
if (lacking !== undefined) console.warn(`\nSKIPPED: up on a contained rack: ${lacking}\n`);

const signal = AbortSignal.timeout(800_000);
const agnhost = "registry.k8s.io/e2e-test-images/agnhost";
const addresses = { "cp-1": "10.5.0.2", "w-1": "10.5.0.3" } as const;

/** A web server on one node, with a Service. */
const server = (name: string, node: string) => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: ${name}}}
spec:
  nodeName: ${node}
  terminationGracePeriodSeconds: 1
  containers:
    - name: web
      image: ${agnhost}:2.63.0
      args: [netexec, --http-port=8080]
      readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec:
  selector: {app: ${name}}
  ports: [{port: 80, targetPort: 8080}]
`;
/** Waits for a file before its web server begins. */
const holder = (marker: string) => `
apiVersion: v1
kind: Pod
metadata: {name: holder, labels: {app: holder}}
spec:
  nodeName: w-1
  terminationGracePeriodSeconds: 1
  initContainers:
    - name: loader
      image: ${agnhost}:2.63.0
      command: [sh, -c, "until [ -f /data/${marker} ]; do sleep 0.2; done"]
      volumeMounts: [{name: data, mountPath: /data}]
  containers:
    - name: web
      image: ${agnhost}:2.63.0
      args: [netexec, --http-port=8080]
      volumeMounts: [{name: data, mountPath: /data}]
  volumes: [{name: data, emptyDir: {}}]
`;
const waiter = (name: string, image: string) => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  nodeName: w-1
  containers: [{name: web, image: "${image}"}]
`;

let site: DemoSite;
let rack: ContainedRack;

async function apply(...manifests: readonly string[]): Promise<void> {
  const file = join(site.folder, "manifest.yaml");
  await writeFile(file, manifests.join("---\n"));
  await rack.kubectl("apply", "-f", file);
}

describe.skipIf(lacking !== undefined)(`a contained rack (${lacking ?? "all is there"})`, () => {
  beforeAll(async () => {
    site = await demoSite({ signal });
    rack = await containedRack(site, "real", onePlusOne, { signal });
  });

  afterAll(async () => await site.remove());

  describe("skerry up", upTests);
  describe("a pod", podTests);
});

function upTests(): void {
  it("ends with all nodes Ready, one etcd, and the workload Available", async () => {
    const since = performance.now();
    succeeded(await rack.up(["--json"]));
    console.log(`up of 1+1: ${Math.round((performance.now() - since) / 1000)} s`);

    expect(await rack.sight()).toEqual({
      nodes: ["cp-1 current", "w-1 current"],
      etcd: ["cp-1"],
      workload: "current",
    });
  });

  it("has nothing to do the second time", async () => {
    expect(JSON.parse(succeeded(await rack.up(["--json"])).stdout)).toMatchObject({ changed: 0, setAside: [] });
  });

  it("gave every node its images out of the bundle", async () => {
    const pulled = new Set((await rack.mirrorLog()).flatMap(pullOf));
    const pods = JSON.parse(await rack.kubectl("get", "pods", "-A", "-o", "json")) as {
      readonly items: readonly {
        readonly spec: {
          readonly nodeName: "cp-1" | "w-1";
          readonly containers: readonly { readonly image: string }[];
        };
      }[];
    };
    const used = pods.items.flatMap(({ spec }) =>
      spec.containers.map(({ image }) => `${addresses[spec.nodeName]} ${image}`),
    );
    const own = Object.values(addresses).flatMap((address) =>
      ["registry.k8s.io/pause:3.10.1", "ghcr.io/siderolabs/kubelet:v1.36.3"].map((image) => `${address} ${image}`),
    );

    expect(used.length).toBeGreaterThan(10);
    expect(
      [...used, ...own, `${addresses["cp-1"]} registry.k8s.io/etcd:v3.6.12`].filter((each) => !pulled.has(each)),
    ).toEqual([]);
  });

  it("runs kube-proxy by nftables", async () => {
    const table = await rack.kubectl(
      ...["-n", "kube-system", "exec", "daemonset/kube-proxy", "--", "nft", "list", "table", "ip", "kube-proxy"],
    );

    expect(table).toContain("service-ips");
    // The image has no /etc/protocols, so TCP has no name.
    expect(table).toMatch(/10\.96\.0\.10 \. (6|tcp) \. 53 : goto service-/);
  });
}

function podTests(): void {
  let mirror: RunningSkerry;

  beforeAll(async () => {
    mirror = rack.start(["mirror", "serve", "--rack", rack.name, "--verbose"]);
    await mirror.line(/images at https/);
    await apply(server("near", "w-1"), server("far", "cp-1"));
    await rack.kubectl("wait", "--for=condition=Ready", "pod/near", "pod/far", "--timeout=60s");
  });

  afterAll(async () => await mirror.end());

  it("finds Services by name", async () => {
    const api = await rack.kubectl("exec", "near", "--", "nslookup", "kubernetes.default.svc.cluster.local");
    const ours = await rack.kubectl("exec", "near", "--", "nslookup", "far.default.svc.cluster.local");
    const address = await rack.kubectl("get", "service", "far", "-o", "jsonpath={.spec.clusterIP}");

    expect(api).toContain("10.96.0.1");
    expect(address).toMatch(/^10\.\d+\.\d+\.\d+$/);
    expect(ours).toContain(`Address: ${address}`);
  });

  it("serves others across nodes through a Service", async () => {
    const where = await rack.kubectl(
      ...["get", "pods", "-o", "jsonpath={range .items[*]}{.metadata.name} {.spec.nodeName} {end}"],
    );

    expect(where.trim()).toBe("far cp-1 near w-1");
    expect(await rack.kubectl("exec", "near", "--", "wget", "-qO-", "http://far/hostname")).toBe("far");
    expect(await rack.kubectl("exec", "far", "--", "wget", "-qO-", "http://near/hostname")).toBe("near");
  });

  it("answers kubectl exec, with input and exit code", async () => {
    const piped = await rack.onLaptop("sh", "-c", `echo rock | ${rack.kubectlFile} exec -i near -- cat`);
    const failed = await rack.onLaptop(rack.kubectlFile, "exec", "far", "--", "sh", "-c", "exit 7");

    expect(succeeded(piped).stdout).toBe("rock");
    expect(failed.code).toBe(7);
  });

  it("has logs", async () => {
    expect(await rack.kubectl("logs", "near")).toContain("Started HTTP server on port 8080");
    expect(await rack.kubectl("logs", "far")).toContain("GET /hostname");
  });

  it("is reached by kubectl port-forward", async () => {
    const forward = rack.start(["lab", "exec", rack.name, "--", rack.kubectlFile, "port-forward", "pod/far", ":8080"]);
    try {
      const [, port] = /127\.0\.0\.1:(\d+)/.exec(await forward.line(/^Forwarding from 127/)) ?? [];
      const program = `console.log(await (await fetch("http://127.0.0.1:${port}/hostname")).text())`;

      const said = await rack.onLaptop(process.execPath, "--input-type=module", "-e", program);

      expect(succeeded(said).stdout).toBe("far");
    } finally {
      await forward.end();
    }
  });

  it("is reached by our own streams, and takes the data of a package", async () => {
    const marker = ".zarf-injection-1795370840";
    await apply(holder(marker));

    const said = await rack.onLaptop(
      process.execPath,
      resolve("test/support/contained-streams-process.ts"),
      rack.stateFolder,
      marker,
    );

    const { cat, ...others } = JSON.parse(succeeded(said).stdout) as { readonly cat: Record<string, unknown> };
    console.log(`8 MiB through a container and back: ${cat["ms"]} ms`);
    expect(cat).toMatchObject({ exitCode: 7, stderr: "said", isSame: true });
    expect(others).toEqual({
      withoutProgram: "KUBE_UNAVAILABLE",
      ports: { names: ["far"], failed: true, brokenBy: "KUBE_STREAM_BROKEN" },
      injected: "from the laptop",
    });
    await rack.kubectl("delete", "pod", "holder", "--now");
  });

  it("waits for an image that the bundle has not; nothing is asked outside, and skerry status names it", async () => {
    const outer = (await rack.command({ do: "status" })).pid;
    const before = await strangePackets(outer);
    const images = [`${agnhost}:9.9.9`, "quay.io/nobody/nothing:1"] as const;
    await apply(waiter("lost", images[0]), waiter("nowhere", images[1]));
    const message = "jsonpath={.status.containerStatuses[0].state.waiting.message}";
    await rack.kubectl("wait", `--for=${message}`, "pod/lost", "pod/nowhere", "--timeout=60s");

    const [people, programs] = [await rack.skerry("status"), await rack.skerry("status", "--json")];

    expect(mirror.lines).toEqual(expect.arrayContaining(images.map((image) => `w-1  HEAD ${image} 404 0 B`)));
    expect(await strangePackets(outer)).toBe(before);
    expect(people.code).toBe(7);
    expect(people.stdout).toMatch(/quay\.io\/nobody\/nothing:1 +w-1 +Pod\/default\/nowhere +not in the bundle/);
    for (const image of images) expect(people.stderr).toContain(`add ${image} to \`images:\` of bundle.yaml`);
    expect(people.stderr).toMatch(/skerry bundle create .*again/);
    const document = JSON.parse(programs.stdout) as { readonly error: { readonly code: string } };
    expect(document).toMatchObject({
      exitCode: 7,
      waitingImages: [
        { image: images[0], node: "w-1", pod: "Pod/default/lost", container: "web", isInBundle: false },
        { image: images[1], node: "w-1", pod: "Pod/default/nowhere", container: "web", isInBundle: false },
      ],
      error: { code: "SITE_UNHEALTHY" },
    });
    // What is counted there is counted: a machine that does ask outside shows.
    await dialIn(outer, "w-1", { address: "192.0.2.1", limitMs: 500 });
    expect(await strangePackets(outer)).toBeGreaterThan(before);
  });

  it("is all that was wrong: the site is healthy without those that wait", async () => {
    await rack.kubectl("delete", "pod", "lost", "nowhere", "--now");

    const { stdout } = succeeded(await rack.skerry("status"));

    expect(stdout).toContain("small: healthy");
  });
}

function pullOf({ client, image, status }: Awaited<ReturnType<ContainedRack["mirrorLog"]>>[number]): readonly string[] {
  return image !== undefined && status === 200 ? [`${client} ${image}`] : [];
}

/** Packets that reached the laptop, the way out of every machine, and are addressed to somebody else. */
async function strangePackets(outer: number): Promise<number> {
  const text = await sayIn(
    outer,
    "laptop",
    `import { readFileSync } from "node:fs"; console.log(readFileSync("/proc/net/snmp", "utf8"));`,
  );
  const [names = [], values = []] = text
    .split("\n")
    .filter((line) => line.startsWith("Ip: "))
    .map((line) => line.split(" "));
  const count = Number(values[names.indexOf("InAddrErrors")]);
  if (Number.isNaN(count)) throw new Error("the kernel does not count InAddrErrors");
  return count;
}
