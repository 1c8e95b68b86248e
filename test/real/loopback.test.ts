import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { counterOf, interfacesOf, isolated, isolationNeeds } from "../support/network-namespace.ts";
import { rackProcesses, stillAlive } from "../support/rack-processes.ts";
import { type ShellSession, startShell } from "../support/shell-session.ts";
import { MODELLED, skerry } from "../support/skerry.ts";

/** The demo, in a network namespace that has nothing but loopback: what it shows cannot have come from anywhere else. */
const through = isolated();
if (through === undefined) {
  console.warn(
    `\nSKIPPED: the proof that nothing leaves the machine ${isolationNeeds}. The demo itself is run all the same.\n`,
  );
}

let home = "";
let shell: ShellSession;
const stateDir = () => join(home, "state");
const signal = AbortSignal.timeout(800_000);

beforeAll(async () => {
  // `npm run demo` would replace node_modules under this very test.
  expect(await readFile("node_modules/.skerry-lock", "utf8").catch(() => ""), "run `sh parts/setup.sh` first").not.toBe(
    "",
  );
  home = await mkdtemp(join(tmpdir(), "skr-"));
  await mkdir(stateDir());
  shell = startShell({
    cwd: process.cwd(),
    env: {
      ...process.env,
      HOME: home,
      XDG_STATE_HOME: stateDir(),
      XDG_CACHE_HOME: process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
      NO_COLOR: "1",
      ...MODELLED,
    },
    ...(through === undefined ? {} : { through }),
  });
  if (through !== undefined) await shell.run("ip link set lo up");
});

afterAll(async () => {
  await shell.end();
  if (rackProcesses(stateDir(), "demo").length > 0) {
    await skerry(["lab", "down", "demo"], { cwd: home, stateDir: stateDir(), signal });
  }
  await rm(home, { recursive: true, force: true });
});

const readyNodes = (output: string) => [...output.matchAll(/^node\/(\S+) +Ready /gm)].map(([, name]) => name);

describe("npm run demo", () => {
  it("ends with a table of Ready nodes and the demo workload Available", async () => {
    const output = await shell.run("npm run demo");

    expect(output).toContain("3 of 3 nodes Ready");
    expect(output).toMatch(/^Deployment\/demo\/web +Available$/m);
    expect(readyNodes(output)).toEqual(["cp-1", "w-1", "w-2"]);
    expect(output).toMatch(/^demo +deployment\.apps\/web +2\/2 /m);
  });

  it("says the second time that there is nothing to do", async () => {
    const output = await shell.run("npm run demo");

    expect(output).toContain("There was nothing to do.");
    expect(readyNodes(output)).toEqual(["cp-1", "w-1", "w-2"]);
  });

  it("goes on with the same machines after the computer was restarted", async () => {
    for (const { pid } of rackProcesses(stateDir(), "demo")) process.kill(pid, "SIGKILL");

    const output = await shell.run("npm run demo");

    expect(output).toContain("its power goes on again");
    expect(output).not.toContain("ERASES");
    expect(readyNodes(output)).toEqual(["cp-1", "w-1", "w-2"]);
  });

  it("leaves a rack of the same name alone that it has not made, and says what to do", async () => {
    const started = rackProcesses(stateDir(), "demo");
    await shell.run("node dist/skerry.js lab down demo");
    await shell.run("node dist/skerry.js lab up demo --site bundles/demo/large-site.yaml --no-kubernetes");

    const output = await shell.run("npm run demo || test $? -eq 2");

    expect(started.map((record) => record.what)).toContain("etcd of cp-1");
    expect(stillAlive(started)).toEqual([]);
    expect(output).toContain("not by this demo");
    expect(output).toContain("lab down demo");
    await shell.run("node dist/skerry.js lab down demo");
  });
});

describe("all of that", () => {
  it.skipIf(through === undefined)(`was done without a way out of the machine (${isolationNeeds})`, async () => {
    const devices = await shell.run("cat /proc/net/dev");
    const routes = await shell.run("cat /proc/net/route");
    const counters = await shell.run("cat /proc/net/snmp");

    expect(interfacesOf(devices)).toEqual(["lo"]);
    expect(
      routes
        .split("\n")
        .slice(1)
        .filter((line) => line.trim() !== ""),
    ).toEqual([]);
    // Bytes did flow, and nobody even tried to reach another machine: the kernel counts what it has no route for.
    expect(counterOf(counters, "Ip", "OutRequests")).toBeGreaterThan(10_000);
    expect(counterOf(counters, "Ip", "OutNoRoutes")).toBe(0);
  });

  it.skipIf(through === undefined)(`would have been counted (${isolationNeeds})`, async () => {
    await shell.run(`node -e 'require("net").connect(80, "192.0.2.1").on("error", () => {})'`);

    expect(counterOf(await shell.run("cat /proc/net/snmp"), "Ip", "OutNoRoutes")).toBeGreaterThan(0);
  });
});
