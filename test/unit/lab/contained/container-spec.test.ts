import { describe, expect, it } from "vitest";
import {
  type ContainerPlan,
  capabilitiesOf,
  containerSpec,
} from "../../../../src/lab/contained/node/container-spec.ts";

/** Of a process in a container that lacks SYS_RESOURCE and all after AUDIT_READ. */
const status = (effective: string) => `Name:	node
CapInh:	0000000000000000
CapPrm:	000001ffffffffff
CapEff:	${effective}
CapBnd:	000001ffffffffff
`;
const FULL = capabilitiesOf(status("000001ffffffffff"));

const plan: ContainerPlan = {
  args: ["/usr/local/bin/kubelet", "--v=2"],
  root: "/run/images/kubelet",
  user: 0,
  cgroup: "/podruntime/kubelet",
  mounts: [
    { path: "/dev", mode: "rw" },
    { path: "/run", mode: "shared" },
    { path: "/etc/ssl", from: "/certs" },
  ],
  privileged: true,
};

interface Spec {
  readonly process: {
    readonly user: object;
    readonly capabilities: Readonly<Record<string, readonly string[]>>;
    readonly noNewPrivileges: boolean;
  };
  readonly mounts: readonly {
    readonly destination: string;
    readonly source: string;
    readonly options: readonly string[];
  }[];
  readonly linux: { readonly rootfsPropagation: string; readonly resources: { readonly devices: readonly object[] } };
}
const specOf = (over: Partial<ContainerPlan>, available: ReadonlySet<string> = FULL) =>
  containerSpec({ ...plan, ...over }, available) as Spec;

describe("capabilitiesOf()", () => {
  it.each([
    { effective: "0000000000000000", expected: [] },
    { effective: "0000000000000001", expected: ["CAP_CHOWN"] },
    { effective: "0000000000200000", expected: ["CAP_SYS_ADMIN"] },
    { effective: "0000000001000000", expected: ["CAP_SYS_RESOURCE"] },
    { effective: "0000008000000000", expected: ["CAP_BPF"] },
    { effective: "0000010000000000", expected: ["CAP_CHECKPOINT_RESTORE"] },
    { effective: "00000000a80425fb", expected: 14 },
  ])("reads $effective by the kernel's numbers", ({ effective, expected }) => {
    const found = [...capabilitiesOf(status(effective))];

    if (typeof expected === "number") expect(found).toHaveLength(expected);
    else expect(found).toEqual(expected);
  });

  it("knows all of a kernel of today, and none that has no name here", () => {
    expect(FULL.size).toBe(41);
    expect(capabilitiesOf(status("ffffffffffffffff")).size).toBe(41);
  });

  it("is empty for a text without the line", () => {
    expect(capabilitiesOf("Name:\tnode\n").size).toBe(0);
  });
});

describe("containerSpec()", () => {
  it("gives a privileged container all that this process has, and no more", () => {
    const available = capabilitiesOf(status("0000000000200001"));

    const { process, linux } = specOf({}, available);

    for (const set of ["bounding", "effective", "permitted"]) {
      expect(process.capabilities[set]).toEqual(["CAP_CHOWN", "CAP_SYS_ADMIN"]);
    }
    expect(process.noNewPrivileges).toBe(false);
    expect(linux).toMatchObject({
      rootfsPropagation: "shared",
      resources: { devices: [{ allow: true, access: "rwm" }] },
    });
  });

  it("gives another container no capability, no device and no way to get one", () => {
    const { process, linux } = specOf({ privileged: false, user: 60 });

    expect(process).toMatchObject({
      user: { uid: 60, gid: 60 },
      capabilities: { bounding: [], effective: [], permitted: [] },
      noNewPrivileges: true,
    });
    expect(linux).toMatchObject({
      rootfsPropagation: "slave",
      resources: { devices: [{ allow: false, access: "rwm" }] },
    });
  });

  it("mounts read-only unless a mount says otherwise; what it mounts itself is seen by the node only where shared", () => {
    expect(specOf({}).mounts.slice(1)).toEqual([
      { destination: "/dev", type: "bind", source: "/dev", options: ["rbind", "rw", "rslave"] },
      { destination: "/run", type: "bind", source: "/run", options: ["rbind", "rw", "rshared"] },
      { destination: "/etc/ssl", type: "bind", source: "/certs", options: ["rbind", "ro", "rslave"] },
    ]);
  });

  it("shares the node's network, processes and host name", () => {
    expect(specOf({}).linux).toMatchObject({ namespaces: [{ type: "mount" }], cgroupsPath: "/podruntime/kubelet" });
  });
});
