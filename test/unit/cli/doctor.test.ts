import { createColors } from "picocolors";
import { describe, expect, it } from "vitest";
import { renderDiagnosis } from "../../../src/cli/views/doctor.ts";
import type { Diagnosis } from "../../../src/lab/index.ts";

const diagnosis: Diagnosis = {
  abilities: [
    { interior: "contained", ok: false, machines: 0, lacking: ["root", "rootfs"] },
    { interior: "modelled", ok: true, machines: 120, lacking: [] },
  ],
  findings: [
    { group: "computer", id: "node", title: "Node.js", ok: true, detail: "24.21.0", needed: ["contained", "modelled"] },
    {
      group: "state",
      id: "leftovers",
      title: "left by crashes",
      ok: false,
      detail: "control groups: 2",
      next: "skerry lab down --all",
      needed: [],
    },
    {
      group: "contained",
      id: "root",
      title: "user",
      ok: false,
      detail: "only root can make network namespaces",
      next: "run it with sudo",
      needed: ["contained"],
    },
    {
      group: "contained",
      id: "rootfs",
      title: "lab root filesystem",
      ok: false,
      detail: "/cache/lab-rootfs is not there",
      next: "node parts/build.ts --only lab-rootfs",
      needed: ["contained"],
    },
  ],
};

describe("renderDiagnosis()", () => {
  it("begins with what can be had and shows each shortcoming with what mends it", () => {
    expect(renderDiagnosis(diagnosis, { colors: createColors(false) })).toBe(
      `
no   contained racks  for want of: user, lab root filesystem
yes  modelled racks   up to 120 machines; etcd and kube-apiserver are real, containers do not run

This computer
  ok     Node.js  24.21.0

Racks
  note   left by crashes  control groups: 2
                          next: skerry lab down --all

For contained racks
  lacks  user                 only root can make network namespaces
                              next: run it with sudo
  lacks  lab root filesystem  /cache/lab-rootfs is not there
                              next: node parts/build.ts --only lab-rootfs
`.trim(),
    );
  });
});
