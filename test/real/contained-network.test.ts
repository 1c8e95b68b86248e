import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { commandRack, type Fault, rackPaths, type StartedRack, startRack, stopRack } from "../../src/lab/index.ts";
import { markedProcesses } from "../../src/lab/rack/marks.ts";
import { notContainable } from "../support/lab/contained.ts";
import { answererAt, apiServer, dialIn, sayIn, startIn } from "../support/lab/network-sight.ts";
import { skerry, startSkerry } from "../support/skerry.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** The network of a contained rack, whole and broken, with three control planes and a worker in maintenance. */
const lacking = await notContainable(4);
if (lacking !== undefined) console.warn(`\nSKIPPED: the network of contained racks: ${lacking}\n`);

const signal = AbortSignal.timeout(600_000);
const site = `apiVersion: skerry.dev/v1alpha1
kind: Site
name: net
talos: v1.13.9
kubernetes: v1.36.3
endpoint: vip.example
nodes:
  - {name: cp-1, role: controlplane, address: 192.168.7.11, disk: {path: /dev/sda}}
  - {name: cp-2, role: controlplane, address: 192.168.7.12, disk: {path: /dev/sda}}
  - {name: cp-3, role: controlplane, address: 192.168.7.13, disk: {path: /dev/sda}}
  - {name: w-1, role: worker, address: 192.168.7.14, disk: {path: /dev/sda}}
`;
const [cp1, cp2, w1] = ["10.5.0.2", "10.5.0.3", "10.5.0.5"] as const;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let stateDir = "";
let rack: StartedRack;

const status = () => commandRack(rack.name, { do: "status" }, { stateDir, signal });
const inject = (fault: Fault) => commandRack(rack.name, { do: "inject", fault }, { stateDir, signal });
const clear = () => commandRack(rack.name, { do: "clear" }, { stateDir, signal });
const from = async (namespace: string, address: string, more: object = {}) =>
  await dialIn(rack.status.pid, namespace, { address, ...more });
const outcome = async (namespace: string, address: string) => (await from(namespace, address)).outcome;
const run = async (...args: readonly string[]) => await skerry(args, { cwd: folder.path, stateDir: folder.path });

async function eventually<T>(look: () => Promise<T>, expected: T, limitMs = 20_000): Promise<void> {
  const until = Date.now() + limitMs;
  while ((await look()) !== expected && Date.now() < until) await sleep(100);
  expect(await look()).toEqual(expected);
}

beforeAll(async () => {
  if (lacking !== undefined) return;
  folder = await temporaryFolder();
  // Where the command line finds it when XDG_STATE_HOME is the folder.
  stateDir = join(folder.path, "skerry");
  await mkdir(stateDir);
  const siteFile = join(folder.path, "site.yaml");
  await writeFile(siteFile, site);
  rack = await startRack({ siteFile, stateDir, interior: "contained", signal });
});

afterAll(async () => {
  if (lacking !== undefined) return;
  await stopRack(rack.name, { stateDir, signal });
  await folder[Symbol.asyncDispose]();
});

describe.skipIf(lacking !== undefined)(`the network of a contained rack (${lacking ?? "all is there"})`, () => {
  afterEach(async () => {
    await clear();
  });

  it("gives every machine an address, and the site's endpoint a virtual one", () => {
    expect(rack.status.machines.map(({ address, stage }) => [address, stage])).toEqual(
      ["10.5.0.2", "10.5.0.3", "10.5.0.4", "10.5.0.5"].map((address) => [address, "maintenance"]),
    );
    expect(rack.status.endpoint).toBe("10.5.0.100");
    expect(rack.status.virtualIpOn).toBeUndefined();
    const memory = rack.status.machines.map(({ memoryBytes = 0 }) => Math.round(memoryBytes / 2 ** 20));
    console.log(
      `MiB in maintenance: ${memory.join(", ")}; the whole rack ${Math.round(rack.status.memoryBytes / 2 ** 20)}`,
    );
    expect(Math.min(...memory)).toBeGreaterThan(10);
  });

  it("lets the laptop reach machines and machines each other, and nobody anything else", async () => {
    expect(await outcome("laptop", cp1)).toBe("connected");
    expect(await outcome("w-1", cp1)).toBe("connected");
    expect(await outcome("laptop", "192.0.2.1")).toBe("ENETUNREACH");
    expect(await outcome("w-1", "192.0.2.1")).not.toBe("connected");
    const forwarded = await sayIn(
      rack.status.pid,
      "laptop",
      `import { readFileSync } from "node:fs";
       const [names, values] = readFileSync("/proc/net/snmp", "utf8").split("\\n").filter((line) => line.startsWith("Ip: ")).map((line) => line.split(" "));
       console.log(values[names.indexOf("ForwDatagrams")]);`,
    );
    expect(forwarded).toBe("0");
  });

  it("loses packets on demand: all of one machine's, and nobody else's", async () => {
    await inject({ kind: "loss", node: "w-1", percent: 100 });

    expect(await outcome("laptop", w1)).not.toBe("connected");
    expect(await outcome("w-1", cp1)).not.toBe("connected");
    expect(await outcome("laptop", cp1)).toBe("connected");

    await clear();

    await eventually(() => outcome("laptop", w1), "connected");
  });

  it("cuts a machine off from the others but not from the laptop", async () => {
    await inject({ kind: "partition", node: "cp-1", with: ["w-1"] });

    expect(await outcome("cp-2", cp1)).not.toBe("connected");
    expect(await outcome("w-1", cp2)).not.toBe("connected");
    expect(await outcome("w-1", cp1)).toBe("connected");
    expect(await outcome("laptop", cp1)).toBe("connected");
    expect(await outcome("laptop", cp2)).toBe("connected");
  });

  it("delays everything of one machine, both ways", async () => {
    await from("laptop", w1);
    await inject({ kind: "delay", node: "w-1", milliseconds: 150 });
    await from("laptop", w1, { limitMs: 5000 });

    const [late, usual] = [await from("laptop", w1, { limitMs: 5000 }), await from("laptop", cp1)];

    expect(late.outcome).toBe("connected");
    expect(late.ms).toBeGreaterThanOrEqual(300);
    expect(usual.ms).toBeLessThan(150);
    await clear();
    await eventually(async () => (await from("laptop", w1)).ms < 150, true);
  });

  it("pulls the laptop's cable and puts it back", async () => {
    await inject({ kind: "unplug", node: "laptop" });

    const alone = await run("nodes", "list", "--rack", "net");
    expect(alone.stdout).toMatch(/cp-1 .* unreachable/);
    expect(await outcome("w-1", cp1)).toBe("connected");

    await clear();

    await eventually(async () => (await run("nodes", "list", "--rack", "net")).stdout.includes("unreachable"), false);
  });

  it("writes down what is broken, for a supervisor that is started again", async () => {
    await inject({ kind: "loss", node: "w-1", percent: 5 });
    const { rackFile } = rackPaths(stateDir, "net");

    const { faults } = JSON.parse(await readFile(rackFile, "utf8")) as { readonly faults: readonly Fault[] };

    expect(faults).toEqual([{ kind: "loss", node: "w-1", percent: 5 }]);
    expect((await status()).networkFaults).toEqual(faults);
  });

  it("refuses a fault of a machine that it has not", async () => {
    await expect(inject({ kind: "unplug", node: "w-9" })).rejects.toMatchObject({ code: "LAB_NODE_UNKNOWN" });
    await expect(inject({ kind: "partition", node: "laptop", with: [] })).rejects.toMatchObject({
      code: "LAB_NODE_UNKNOWN",
    });
  });
});

describe.skipIf(lacking !== undefined)("the virtual IP of a contained rack", () => {
  const servers = new Map<string, ChildProcess>();
  const holder = async () => (await status()).virtualIpOn;

  beforeAll(async () => {
    for (const name of ["cp-1", "cp-2", "cp-3"]) {
      const server = startIn(rack.status.pid, name, apiServer(name));
      servers.set(name, server);
      if (server.stdout !== null) await once(server.stdout, "data");
    }
  });

  afterAll(() => {
    for (const server of servers.values()) server.kill("SIGKILL");
  });

  it("is on a control plane whose API server answers, and moves when that loses power or is cut off", async () => {
    await eventually(async () => (await holder()) !== undefined, true);
    const first = (await holder()) ?? "";
    expect(await answererAt(rack.status.pid, "10.5.0.100")).toBe(first);

    await commandRack("net", { do: "power-off", node: first }, { stateDir, signal });
    servers.get(first)?.kill("SIGKILL");

    await eventually(async () => ![first, undefined].includes(await holder()), true);
    const second = (await holder()) ?? "";
    expect(await answererAt(rack.status.pid, "10.5.0.100")).toBe(second);

    await commandRack("net", { do: "power-on", node: first }, { stateDir, signal });
    await inject({ kind: "partition", node: second, with: [] });

    await eventually(async () => ![first, second, undefined].includes(await holder()), true);
    const third = (await holder()) ?? "";
    expect(await answererAt(rack.status.pid, "10.5.0.100")).toBe(third);
    await clear();

    servers.get(third)?.kill("SIGKILL");
    await eventually(holder, second);
    expect(await answererAt(rack.status.pid, "10.5.0.100")).toBe(second);
  });
});

describe.skipIf(lacking !== undefined)("the process of a machine", () => {
  it("takes the power with it when it dies, and gets it again; the log has it", async () => {
    const killed = (await machineProcesses()).find(({ node }) => node === "w-1")?.pid ?? 0;

    process.kill(killed, "SIGKILL");

    await eventually(
      async () => (await readFile(rackPaths(stateDir, "net").log, "utf8")).includes("w-1 lost power"),
      true,
    );
    await eventually(async () => (await status()).machines.at(-1)?.stage, "maintenance");
    expect((await machineProcesses()).map(({ node }) => node).sort()).toEqual(["cp-1", "cp-2", "cp-3", "w-1"]);
    expect(await outcome("laptop", w1)).toBe("connected");
  });

  async function machineProcesses() {
    const found = markedProcesses().filter(({ mark }) => mark.folder === rackPaths(stateDir, "net").folder);
    const words = await Promise.all(found.map(({ pid }) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
    return found.flatMap(({ pid }, index) => {
      const [, node] = /machine\.ts\0[^\0]+\0([^\0]+)\0$/.exec(words[index] ?? "") ?? [];
      return node === undefined ? [] : [{ pid, node }];
    });
  }
});

describe.skipIf(lacking !== undefined)("skerry lab exec", () => {
  it("runs a command in the laptop's network, with its exit code and its output", async () => {
    const said = await run("lab", "exec", "net", "--", "sh", "-c", "ip -br -4 addr show dev eth0; exit 7");

    expect(said.code).toBe(7);
    expect(said.stdout).toContain("10.5.0.1/24");
    expect((await run("lab", "exec", "net", "--", "no-such-program")).code).toBe(127);
  });

  it("names the rack's kubeconfig where it has one", async () => {
    const file = join(rackPaths(stateDir, "net").folder, "state", "kubeconfig");
    await mkdir(join(file, ".."), { recursive: true });
    expect((await run("lab", "exec", "net", "--", "sh", "-c", "echo [$KUBECONFIG]")).stdout).toBe("[]");
    await writeFile(file, "");

    expect((await run("lab", "exec", "net", "--", "sh", "-c", "echo [$KUBECONFIG]")).stdout).toBe(`[${file}]`);
  });

  it("is the command: a signal reaches it once", async () => {
    const program = `let count = 0; process.on("SIGINT", () => { count += 1; setTimeout(() => process.exit(count), 300); }); console.log("ready"); setInterval(() => {}, 1000);`;
    const child = startSkerry(["lab", "exec", "net", "--", process.execPath, "-e", program], {
      cwd: folder.path,
      stateDir: folder.path,
    });
    if (child.stdout !== null) await once(child.stdout, "data");

    child.kill("SIGINT");

    expect(await once(child, "exit")).toEqual([1, null]);
  });

  it("refuses a rack that is not there", async () => {
    const said = await run("lab", "exec", "nowhere", "--", "true");

    expect(said.code).toBe(2);
    expect(said.stderr).toContain("LAB_RACK_UNKNOWN");
  });
});
