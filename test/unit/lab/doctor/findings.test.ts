import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { computerFindings } from "../../../../src/lab/doctor/computer-findings.ts";
import type { Finding } from "../../../../src/lab/doctor/diagnosis.ts";
import { kubectlFinding, programFindings } from "../../../../src/lab/doctor/program-findings.ts";
import { stateFindings } from "../../../../src/lab/doctor/state-findings.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const { signal } = new AbortController();

function one(findings: readonly Finding[], id: string): Finding {
  const found = findings.find((each) => each.id === id);
  if (found === undefined) throw new Error(`nothing was found about ${id}`);
  return found;
}

describe("computerFindings()", () => {
  it("believes a clock that is later than the program", () => {
    const findings = computerFindings({ program: import.meta.filename, now: new Date() });

    expect(one(findings, "clock")).toMatchObject({ ok: true, needed: [] });
  });

  it("does not believe a clock that is years behind the program", () => {
    const findings = computerFindings({ program: import.meta.filename, now: new Date("2001-01-01T00:00:00Z") });

    expect(one(findings, "clock")).toMatchObject({ ok: false, needed: [] });
    expect(one(findings, "clock").detail).toContain("2001-01-01T00:00:00.000Z");
  });

  it("finds this Node and this system good enough for both interiors", () => {
    const findings = computerFindings({ program: "", now: new Date() });

    for (const id of ["linux", "processor", "node"]) {
      expect(one(findings, id)).toMatchObject({ ok: true, needed: ["contained", "modelled"] });
    }
  });
});

describe("stateFindings()", () => {
  it("finds nothing in a folder that is not there yet, and does not make it", async () => {
    await using folder = await temporaryFolder();
    const stateDir = join(folder.path, "not", "yet");

    const findings = stateFindings(stateDir);

    expect(findings.filter(({ ok, id }) => !ok && id !== "leftovers")).toEqual([]);
    expect(one(findings, "racks").detail).toBe("none");
    expect(await readdir(folder.path)).toEqual([]);
  });

  it("finds the log of a rack that did not start", async () => {
    await using folder = await temporaryFolder();
    await mkdir(join(folder.path, "racks", "gone"), { recursive: true });
    await writeFile(join(folder.path, "racks", "gone", "supervisor.log"), "it ended\n");

    const leftovers = one(stateFindings(folder.path), "leftovers");

    expect(leftovers).toMatchObject({ ok: false, needed: [] });
    expect(leftovers.detail).toContain("logs: 1");
    expect(leftovers.next).toContain("skerry lab down --all");
  });

  it("refuses a path in which no socket can be", async () => {
    await using folder = await temporaryFolder();

    const names = one(stateFindings(join(folder.path, "x".repeat(90))), "rack-names");

    expect(names).toMatchObject({ ok: false, needed: ["contained", "modelled"] });
    expect(names.next).toContain("--state-dir");
  });
});

/** A root with programs that say what real ones say. */
async function rootWith(says: Readonly<Record<string, string>>, root: string): Promise<void> {
  for (const [path, script] of Object.entries(says)) {
    const file = join(root, path);
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
  }
}

const plugin = (name: string) => `echo "CNI ${name} plugin v1.9.1" >&2`;
const whole: Readonly<Record<string, string>> = {
  "usr/bin/containerd": "echo containerd github.com/containerd/containerd/v2 v2.2.9",
  "usr/sbin/runc": "echo runc version 1.1.5+ds1; echo spec: 1.0.2-dev",
  ...Object.fromEntries(
    ["bridge", "firewall", "host-local", "loopback", "portmap"].map((name) => [`opt/cni/bin/${name}`, plugin(name)]),
  ),
  "opt/cni/bin/flannel": "exit 1",
};

describe("programFindings()", () => {
  it("tells versions and where the programs were found", async () => {
    await using folder = await temporaryFolder();
    await rootWith(whole, folder.path);

    const findings = await programFindings(folder.path, { signal });

    expect(findings.map(({ id, ok }) => [id, ok])).toEqual([
      ["containerd", true],
      ["runc", true],
      ["cni-plugins", true],
    ]);
    expect(one(findings, "containerd").detail).toBe(`2.2.9, ${folder.path}/usr/bin/containerd`);
    expect(one(findings, "runc").detail).toBe(`1.1.5+ds1, ${folder.path}/usr/sbin/runc`);
    expect(one(findings, "cni-plugins").detail).toMatch(/^1\.9\.1, /);
  });

  it("names what is not there or does not run, and how to make it anew", async () => {
    await using folder = await temporaryFolder();
    const { "opt/cni/bin/portmap": _portmap, "usr/sbin/runc": _runc, ...rest } = whole;
    await rootWith({ ...rest, "usr/bin/containerd": "exit 126" }, folder.path);

    const findings = await programFindings(folder.path, { signal });

    expect(findings.map(({ ok }) => ok)).toEqual([false, false, false]);
    expect(one(findings, "cni-plugins").detail).toBe(`${folder.path}/opt/cni/bin lacks portmap`);
    for (const each of findings) {
      expect(each.needed).toEqual(["contained"]);
      expect(each.next).toContain("--only lab-rootfs");
    }
  });
});

describe("kubectlFinding()", () => {
  it("looks along the PATH, and lets every rack do without", async () => {
    await using folder = await temporaryFolder();
    await rootWith({ "bin/kubectl": "exit 0" }, folder.path);

    expect(kubectlFinding({ PATH: `/nowhere:${folder.path}/bin` })).toMatchObject({
      ok: true,
      detail: `${folder.path}/bin/kubectl`,
    });
    expect(kubectlFinding({ PATH: "/nowhere" })).toMatchObject({ ok: false, needed: [] });
  });
});
