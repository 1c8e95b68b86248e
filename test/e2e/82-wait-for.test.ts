import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, connectCluster } from "../../src/kube/index.ts";
import { startApiServer, type TestApiServer } from "../support/apiserver.ts";
import { type SkerryOptions, type SkerryResult, skerry } from "../support/skerry.ts";

/** `./zarf tools wait-for` in commands of packages, against a real API server. */
const { signal } = new AbortController();

let api: TestApiServer;
let cluster: Cluster;
let folder: string;
beforeAll(async () => {
  api = await startApiServer();
  cluster = connectCluster(api.admin);
  folder = await mkdtemp(join(tmpdir(), "skerry-wait-for-"));
  await mkdir(join(folder, "below"));
  await writeFile(join(folder, "kubeconfig"), api.kubeconfigYaml, { mode: 0o600 });
});
afterAll(async () => {
  await cluster?.close();
  await api?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function run(args: readonly string[], more: Partial<SkerryOptions> = {}): Promise<SkerryResult> {
  return await skerry(args, { cwd: folder, stateDir: join(folder, "state"), ...more });
}

const put = async (name: string): Promise<void> => {
  const metadata = { name, namespace: "default" };
  await cluster.apply({ apiVersion: "v1", kind: "ConfigMap", metadata }, { signal, fieldManager: "test", force: true });
};

/** A package of these commands alone, made by us. */
async function packageOf(name: string, cmds: readonly string[]): Promise<string> {
  const actions = cmds.map((cmd) => `          - {cmd: ${JSON.stringify(cmd)}, dir: below}`);
  const text = [
    "kind: ZarfPackageConfig",
    `metadata: {name: ${name}, version: 1.0.0, architecture: amd64}`,
    "components:",
    "  - name: one",
    "    required: true",
    "    actions:",
    "      onDeploy:",
    "        before:",
    ...actions,
  ];
  await mkdir(join(folder, name));
  await writeFile(join(folder, name, "zarf.yaml"), `${text.join("\n")}\n`);
  const made = await run(["package", "create", name, "--json"]);
  const { report } = JSON.parse(made.stdout) as { readonly report: { readonly files: readonly string[] } };
  return report.files[0] ?? "";
}

/** The operator's own environment leads to another cluster, which is none. */
const elsewhere = { KUBECONFIG: "/nowhere/kubeconfig" };

describe("./zarf tools wait-for in the commands of a package", () => {
  it("waits, in the cluster that is deployed to", async () => {
    const host = new URL(api.server).host;
    const file = await packageOf("waits", [
      "./zarf tools wait-for cm later exists -n default --timeout 100s",
      "./zarf tools wait-for resource namespace default && ./zarf tools w svc kubernetes -n default",
      `./zarf tools wait-for network tcp ${host} && touch done`,
    ]);
    let coming: Promise<void> | undefined;

    const result = await run(["deploy", file, "--kubeconfig", "kubeconfig", "--allow-unsigned", "--yes", "--events"], {
      env: elsewhere,
      onEvent: (event) => {
        const isWaiting = JSON.stringify(event).includes("there is no ConfigMap/later");
        if (isWaiting) coming ??= put("later");
        return undefined;
      },
    });

    await coming;
    expect(result.code, result.stderr).toBe(0);
    expect(coming).toBeDefined();
  });

  it("fails where it does not come, with the reason", async () => {
    const file = await packageOf("waits-in-vain", ["./zarf tools wait-for cm never -n default --timeout 1s"]);

    const result = await run(["deploy", file, "--kubeconfig", "kubeconfig", "--allow-unsigned", "--yes"], {
      env: elsewhere,
    });

    expect(result.code).toBe(7);
    expect(result.stderr).toContain("there is no ConfigMap/never");
    expect(result.stderr).toContain("ACTION_FAILED");
  });
});

describe("skerry tools wait-for", () => {
  const waitFor = async (env: Readonly<Record<string, string>>, ...args: readonly string[]) =>
    await run(["tools", "wait-for", ...args], { env });

  it("finds the cluster where kubectl does, and keeps stdout free", async () => {
    await put("there");
    await mkdir(join(folder, "home", ".kube"), { recursive: true });
    await writeFile(join(folder, "home", ".kube", "config"), api.kubeconfigYaml, { mode: 0o600 });
    const args = ["resource", "configmap", "there", "-n", "default", "--timeout", "20s"];

    expect(await waitFor({ KUBECONFIG: `/nowhere:${join(folder, "kubeconfig")}` }, ...args)).toMatchObject({
      code: 0,
      stdout: "",
    });
    expect(await waitFor({ KUBECONFIG: "", HOME: join(folder, "home") }, ...args)).toMatchObject({ code: 0 });
  });

  it("says that there is no kubeconfig", async () => {
    const result = await waitFor(elsewhere, "pod", "web", "--timeout", "1s");

    expect(result.code).toBe(7);
    expect(result.stderr).toContain("there is no kubeconfig /nowhere/kubeconfig");
  });

  it("takes any 2xx where no code is asked for", async () => {
    const server = createServer((request, response) => {
      response.writeHead(request.url === "/made" ? 201 : 500).end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      expect((await waitFor({}, "http", `${address}/made`)).code).toBe(0);
      expect((await waitFor({}, "network", "http", `${address}/made`, "201")).code).toBe(0);
      const failed = await waitFor({}, "network", "http", `${address}/broken`, "--timeout", "1s");
      expect([failed.code, failed.stderr]).toEqual([7, expect.stringContaining("answers 500")]);
    } finally {
      server.close();
    }
  });

  it("says its forms", async () => {
    expect(await waitFor({}, "--help")).toMatchObject({ code: 0, stdout: expect.stringContaining("PROTOCOL ADDRESS") });
    expect(await waitFor({}, "resource")).toMatchObject({ code: 2 });
  });
});
