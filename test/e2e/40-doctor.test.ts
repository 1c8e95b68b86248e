import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Diagnosis, Finding } from "../../src/lab/index.ts";
import { notContainable } from "../support/lab/contained.ts";
import { type SkerryOptions, type SkerryResult, skerry } from "../support/skerry.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** What this machine can rehearse: the same machine tells different things once it is given less. */
const lacking = await notContainable(1);
if (lacking !== undefined) console.warn(`\nSKIPPED: doctor where contained racks can be had: ${lacking}\n`);

type Document = Diagnosis & { readonly kind: string; readonly exitCode: number; readonly error?: { code: string } };

interface Place {
  readonly path: string;
}

/** Nothing in the environment says which interior is meant. */
const run = (folder: Place, args: readonly string[], env: SkerryOptions["env"] = {}) =>
  skerry(["doctor", ...args], {
    cwd: folder.path,
    stateDir: join(folder.path, "state"),
    env: { SKERRY_LAB_INTERIOR: "", ...env },
  });

const documentOf = ({ stdout }: SkerryResult) => JSON.parse(stdout) as Document;

function found({ findings }: Diagnosis, id: string): Finding | undefined {
  return findings.find((each) => each.id === id);
}

describe("skerry doctor", () => {
  it("can always rehearse with modelled racks, says how many machines, and changes nothing", async () => {
    await using folder = await temporaryFolder();

    const answer = await run(folder, ["--json"]);

    const document = documentOf(answer);
    const modelled = document.abilities.find(({ interior }) => interior === "modelled");
    expect({ code: answer.code, kind: document.kind, exitCode: document.exitCode }).toEqual({
      code: 0,
      kind: "Diagnosis",
      exitCode: 0,
    });
    expect(modelled).toMatchObject({ ok: true, lacking: [] });
    expect(modelled?.machines).toBeGreaterThan(3);
    expect(await readdir(folder.path)).toEqual([]);
  });

  it.skipIf(lacking !== undefined)("finds what contained racks need where it is, and leaves no trace", async () => {
    await using folder = await temporaryFolder();
    const mounts = await readFile("/proc/self/mountinfo", "utf8");
    const startMs = performance.now();

    const answer = await run(folder, ["--interior", "contained"]);

    const tookMs = performance.now() - startMs;
    expect(await readFile("/proc/self/mountinfo", "utf8")).toBe(mounts);
    expect(await readdir(folder.path)).toEqual([]);
    console.log(`skerry doctor took ${Math.round(tookMs)} ms`);
    expect(answer).toMatchObject({ code: 0 });
    expect(answer.stdout).toMatch(/^yes {2}contained racks {2}(up to \d+ machines|1 machine);/);
    for (const sight of [
      /ok +containerd +\d+\.\d+/,
      /ok +runc +\d+\.\d+/,
      /ok +CNI plugins +\d+\.\d+/,
      /version [12]$/m,
    ])
      expect(answer.stdout).toMatch(sight);
    expect(answer.stdout).not.toContain("loopback");
  });

  it("ends with 7 where contained racks are asked for and their root filesystem is not there, and says what makes it", async () => {
    await using folder = await temporaryFolder();
    const nowhere = { SKERRY_LAB_ROOTFS: join(folder.path, "none") };

    const answer = await run(folder, ["--json", "--interior", "contained"], nowhere);
    const both = await run(folder, ["--json"], nowhere);

    const document = documentOf(answer);
    expect({ code: answer.code, error: document.error?.code }).toEqual({ code: 7, error: "LAB_CANNOT_REHEARSE" });
    expect(document.abilities[0]?.lacking).toContain("rootfs");
    expect(found(document, "rootfs")?.next).toContain("node parts/build.ts --only lab-rootfs");
    expect(found(document, "kernel")).toMatchObject({ ok: false, needed: [] });
    expect(answer.stderr).toContain("--only lab-rootfs");
    expect(both.code).toBe(0);
  });

  it("says how to get a kubectl where none is on the PATH, and does without", async () => {
    await using folder = await temporaryFolder();
    await mkdir(join(folder.path, "empty"));

    const kubectl = found(documentOf(await run(folder, ["--json"], { PATH: join(folder.path, "empty") })), "kubectl");

    expect(kubectl).toMatchObject({ ok: false, needed: [] });
    expect(kubectl?.next).toContain("--only kubectl");
  });

  it("names a rack that does not run and what a rack left that did not start, and leaves both", async () => {
    await using folder = await temporaryFolder();
    await stoppedRack(folder);
    const log = join(folder.path, "state", "skerry", "racks", "gone", "supervisor.log");
    await mkdir(join(log, ".."), { recursive: true });
    await writeFile(log, "ended\n");

    const document = documentOf(await run(folder, ["--json"]));

    expect(found(document, "racks")).toMatchObject({ ok: false, detail: "halted does not run" });
    expect(found(document, "leftovers")?.detail).toContain("logs: 1");
    expect(found(document, "leftovers")?.next).toContain("skerry lab down --all");
    expect(document.exitCode).toBe(0);
    expect((await readdir(join(folder.path, "state", "skerry", "racks"))).sort()).toEqual(["gone", "halted"]);
    await skerry(["lab", "down", "--all"], { cwd: folder.path, stateDir: join(folder.path, "state") });
    expect(found(documentOf(await run(folder, ["--json"])), "racks")?.ok).toBe(true);
  });

  it("refuses a state folder in which no socket can be, whatever the interior", async () => {
    await using folder = await temporaryFolder();

    const answer = await run(folder, ["--json", "--state-dir", join(folder.path, "x".repeat(100))]);

    expect(answer.code).toBe(7);
    expect(documentOf(answer).abilities.map(({ ok }) => ok)).toEqual([false, false]);
    expect(answer.stderr).toContain("--state-dir");
  });

  it("looks into the one interior that the environment names, as lab up would take it", async () => {
    await using folder = await temporaryFolder();

    const { abilities } = documentOf(await run(folder, ["--json"], { SKERRY_LAB_INTERIOR: "modelled" }));

    expect(abilities.map(({ interior }) => interior)).toEqual(["modelled"]);
  });

  it("knows no third interior", async () => {
    await using folder = await temporaryFolder();

    expect(await run(folder, ["--interior", "imagined"])).toMatchObject({ code: 2 });
  });
});

/** A rack whose supervisor was killed. */
async function stoppedRack(folder: Place): Promise<void> {
  const site = `apiVersion: skerry.dev/v1alpha1
kind: Site
name: halted
talos: v1.13.9
kubernetes: v1.36.3
endpoint: 10.5.0.2
cni: none
nodes:
  - {name: cp-1, role: controlplane, address: 10.5.0.2, disk: {path: /dev/sda}}
`;
  await writeFile(join(folder.path, "site.yaml"), site);
  const options = { cwd: folder.path, stateDir: join(folder.path, "state") };
  const up = await skerry(["lab", "up", "--interior", "modelled", "--no-kubernetes", "--json"], options);
  const { status } = JSON.parse(up.stdout) as { readonly status: { readonly pid: number } };
  process.kill(status.pid, "SIGKILL");
}
