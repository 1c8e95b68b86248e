import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  commandRack,
  type Fault,
  type InteriorKind,
  listRacks,
  rackPaths,
  resumeRack,
  type StartedRack,
  startRack,
  stopRack,
} from "../../../src/lab/index.ts";
import { isAlive, readRecords } from "../../../src/lab/process-record.ts";
import { loadSite, matchDisks } from "../../../src/site/index.ts";
import { notContainable } from "../../support/lab/contained.ts";
import { interiors } from "../../support/lab/interiors.ts";
import { lookFrom } from "../../support/lab/look-from-laptop.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const lacking = await notContainable(3);
if (lacking !== undefined) console.warn(`\nSKIPPED: contained racks: ${lacking}\n`);

const signal = AbortSignal.timeout(600_000);
const site = `apiVersion: skerry.dev/v1alpha1
kind: Site
name: three
talos: v1.13.9
kubernetes: v1.36.3
endpoint: 10.5.0.100
nodes:
  - {name: cp-1, role: controlplane, address: 10.5.0.2, disk: {serial: S6B0NX0T}}
  - {name: w-1, role: worker, address: 10.5.0.3, disk: {type: nvme, size: ">= 200 GB"}}
  - {name: w-2, role: worker, address: 10.5.0.4, disk: {path: /dev/sda}}
`;

interface Lab extends AsyncDisposable {
  readonly stateDir: string;
  readonly siteFile: string;
  readonly interior: InteriorKind;
  readonly start: (faults?: readonly Fault[]) => Promise<StartedRack>;
}

/** A state folder whose racks are gone when the test is over. */
async function newLab(interior: InteriorKind): Promise<Lab> {
  const folder = await temporaryFolder();
  const stateDir = folder.path;
  const siteFile = join(stateDir, "site.yaml");
  await writeFile(siteFile, site);
  const timings = { bootMs: 10, rebootMs: 10, installMs: 10, drainMs: 100 };
  return {
    stateDir,
    siteFile,
    interior,
    start: (faults = []) => startRack({ siteFile, stateDir, interior, timings, faults, signal }),
    [Symbol.asyncDispose]: async () => {
      for (const rack of listRacks(stateDir)) await stopRack(rack.name, { stateDir, signal });
      await folder[Symbol.asyncDispose]();
    },
  };
}

const stagesOf = (rack: StartedRack["status"]) => rack.machines.map((machine) => machine.stage);
const look = (lab: Lab, rack: StartedRack, index: number) =>
  lookFrom(rackPaths(lab.stateDir, rack.name).folder, rack.status.machines[index]?.address ?? "");

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe.each(interiors)("a rack of %s machines", (interior) => {
  describe.skipIf(interior === "contained" && lacking !== undefined)(`(${lacking ?? "all is there"})`, () => {
    describe("startRack()", () => {
      it("brings every machine into maintenance, with a site.yaml that finds it and its one disk", async () => {
        await using lab = await newLab(interior);

        const rack = await lab.start();

        expect(stagesOf(rack.status)).toEqual(["maintenance", "maintenance", "maintenance"]);
        const rewritten = await loadSite(rack.siteFile);
        for (const [index, node] of rewritten.nodes.entries()) {
          const { disks = [] } = await look(lab, rack, index);
          expect(matchDisks(node.disk, disks)).toHaveLength(1);
          expect(disks.length).toBeGreaterThan(1);
        }
      });

      it("gives two racks addresses, or a network, of their own", async () => {
        await using lab = await newLab(interior);
        const first = await lab.start();

        const second = await startRack({ ...lab, name: "other", signal });

        if (interior === "modelled") expect(second.status.slot).not.toBe(first.status.slot);
        else expect(second.status.machines).toMatchObject(first.status.machines.map(({ address }) => ({ address })));
        expect((await look(lab, second, 0)).disks?.length).toBeGreaterThan(0);
        expect(listRacks(lab.stateDir).map(({ name, running }) => [name, running])).toEqual([
          ["other", true],
          ["three", true],
        ]);
      });

      it("refuses a name that is taken, a fault on a stranger, a state folder too deep, without leaving anything", async () => {
        await using lab = await newLab(interior);
        const deep = join(lab.stateDir, "d".repeat(100));
        const start = (more: object) => startRack({ ...lab, signal, ...more });

        await expect(start({ faults: [{ kind: "dead", node: "w-9" }] })).rejects.toMatchObject({
          code: "LAB_NODE_UNKNOWN",
        });
        await expect(start({ stateDir: deep })).rejects.toMatchObject({ code: "LAB_PATH_TOO_LONG" });
        expect(listRacks(lab.stateDir)).toEqual([]);
        await lab.start();
        await expect(lab.start()).rejects.toMatchObject({ code: "LAB_RACK_EXISTS" });
      });

      it("says where the log is when the supervisor does not come up, and leaves no rack", async () => {
        await using lab = await newLab(interior);
        const supervisor = [process.execPath, "-e", "console.error('no'); process.exit(3)"];

        const start = startRack({ ...lab, supervisor, signal });

        await expect(start).rejects.toMatchObject({
          code: "LAB_SUPERVISOR_FAILED",
          where: { file: join(lab.stateDir, "racks", "three", "supervisor.log") },
        });
        expect(listRacks(lab.stateDir)).toEqual([]);
      });
    });

    describe("faults of a rack", () => {
      it("leave a dead machine silent while the others answer", async () => {
        await using lab = await newLab(interior);

        const rack = await lab.start([{ kind: "dead", node: "w-1" }]);

        expect(stagesOf(rack.status)).toEqual(["maintenance", "off", "maintenance"]);
        const { code } = await look(lab, rack, 1);
        expect(code).toBe("ECONNREFUSED");
      });

      it("show another serial number than the site names", async () => {
        await using lab = await newLab(interior);

        const rack = await lab.start([{ kind: "wrong-serial", node: "cp-1" }]);

        const { disks = [] } = await look(lab, rack, 0);
        expect(disks.length).toBeGreaterThan(0);
        expect(matchDisks({ serial: "S6B0NX0T" }, disks)).toEqual([]);
      });

      it("can be chosen while the rack runs", async () => {
        await using lab = await newLab(interior);
        const { name } = await lab.start();

        await commandRack(name, { do: "inject", fault: { kind: "dead", node: "w-2" } }, { ...lab, signal });

        await until(
          async () => (await commandRack(name, { do: "status" }, { ...lab, signal })).machines[2]?.stage === "off",
        );
      });
    });

    describe("commandRack()", () => {
      it("pulls the plug of one machine and puts it back", async () => {
        await using lab = await newLab(interior);
        const { name } = await lab.start();

        const off = await commandRack(name, { do: "power-off", node: "w-1" }, { ...lab, signal });
        await commandRack(name, { do: "power-on", node: "w-1" }, { ...lab, signal });

        expect(stagesOf(off)).toEqual(["maintenance", "off", "maintenance"]);
        await until(async () => {
          const status = await commandRack(name, { do: "status" }, { ...lab, signal });
          return status.machines[1]?.stage === "maintenance";
        });
      });

      it("refuses a machine and a rack that are not there", async () => {
        await using lab = await newLab(interior);
        const { name } = await lab.start();

        await expect(commandRack(name, { do: "power-on", node: "w-9" }, { ...lab, signal })).rejects.toMatchObject({
          code: "LAB_NODE_UNKNOWN",
        });
        await expect(commandRack("nowhere", { do: "status" }, { ...lab, signal })).rejects.toMatchObject({
          code: "LAB_RACK_UNKNOWN",
        });
      });
    });

    describe("resumeRack()", () => {
      it("brings a rack back whose supervisor was killed, each machine with the power it had", async () => {
        await using lab = await newLab(interior);
        const rack = await lab.start();
        await commandRack(rack.name, { do: "power-off", node: "w-2" }, { ...lab, signal });
        process.kill(rack.status.pid, "SIGKILL");
        await until(() => listRacks(lab.stateDir)[0]?.running === false);
        await expect(commandRack(rack.name, { do: "status" }, { ...lab, signal })).rejects.toMatchObject({
          code: "LAB_RACK_NOT_RUNNING",
        });

        const again = await resumeRack(rack.name, { ...lab, signal });

        expect(stagesOf(again.status)).toEqual(["maintenance", "maintenance", "off"]);
        expect(again.status.slot).toBe(rack.status.slot);
      });
    });

    describe("stopRack()", () => {
      it("ends the supervisor and removes the rack, running or killed", async () => {
        await using lab = await newLab(interior);
        const records = async () => {
          const rack = await lab.start();
          return { rack, before: readRecords(join(lab.stateDir, "racks", rack.name, "processes.ndjson")) };
        };

        const running = await records();
        await stopRack(running.rack.name, { ...lab, signal });
        const killed = await records();
        process.kill(killed.rack.status.pid, "SIGKILL");
        await stopRack(killed.rack.name, { ...lab, signal });

        expect([...running.before, ...killed.before].filter(isAlive)).toEqual([]);
        expect(listRacks(lab.stateDir)).toEqual([]);
        await expect(stopRack("three", { ...lab, signal })).rejects.toMatchObject({ code: "LAB_RACK_UNKNOWN" });
      });
    });
  });
});
