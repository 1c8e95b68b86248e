import { describe, expect, it } from "vitest";
import { backInMaintenance } from "../../../src/journeys/back-in-maintenance.ts";
import { giveConfig, MAX_TIMES } from "../../../src/journeys/give-config.ts";
import { realPorts } from "../../../src/journeys/real-ports.ts";
import type { SiteKeys } from "../../../src/journeys/site-keys.ts";
import type { UpContext } from "../../../src/journeys/up/context.ts";
import type { NodeClient } from "../../../src/talos/api/index.ts";
import { contextOf, siteOf } from "./up-context.ts";

const signal = new AbortController().signal;
const disk = {
  name: "sda",
  devPath: "/dev/sda",
  sizeBytes: 256e9,
  model: "Lab Disk",
  serial: "S1",
  wwid: "",
  uuid: "",
  busPath: "",
  transport: "sata",
  rotational: false,
  readonly: false,
  cdrom: false,
  symlinks: [],
};
type Hardware = { readonly uuid: string; readonly serial: string; readonly disks: readonly (typeof disk)[] };
const usual: Hardware = { uuid: "u-1", serial: "m-1", disks: [disk] };

/** One control plane and what it is asked and sent; `hardware` is what answers at its address. */
function desk() {
  const sent: string[] = [];
  const told: string[] = [];
  let hardware = usual;
  const client = {
    systemInformation: async () => ({ uuid: hardware.uuid, serial: hardware.serial }),
    disks: async () => hardware.disks,
    applyConfiguration: async ({ config }: { readonly config: string }) => {
      sent.push(config);
      return { mode: "auto", warnings: [], details: "" };
    },
    close: () => undefined,
  } as unknown as NodeClient;
  const pair = { certificatePem: "c", keyPem: "private" };
  const certs = { etcd: pair, k8s: pair, k8sAggregator: pair, k8sServiceAccountKeyPem: "sa", os: pair };
  const talos = { cluster: { secret: "a" }, bootstrapToken: "b", trustdToken: "c", encryption: { secret: "d" }, certs };
  const keys = { talos } as unknown as SiteKeys;
  const context: UpContext = {
    ...contextOf(siteOf("cp-1"), { keys, configs: new Map([["cp-1", "machine: {}"]]) }),
    ports: { ...realPorts, connectNode: () => client },
  };
  const [node] = context.site.nodes;
  if (node === undefined) throw new Error("the site has a node");
  const sight = (fingerprint: string) => ({ kind: "maintenance", fingerprint }) as const;
  return {
    sent,
    told,
    give: async (fingerprint: string, now: Partial<Hardware> = {}) => {
      hardware = { ...usual, ...now };
      await giveConfig(context, node, sight(fingerprint), { signal, notice: (text) => void told.push(text) });
    },
    back: (fingerprint: string) => backInMaintenance(context.memory, node, sight(fingerprint)),
  };
}

describe("giveConfig()", () => {
  it("gives the config again to the same machine that has booted anew, and tells what it erases", async () => {
    const { give, sent, told } = desk();

    await give("boot-1");
    await give("boot-2");

    expect(sent).toHaveLength(2);
    expect(told).toEqual([
      "cp-1 is back in maintenance without an installation; it gets its config again (2 of 3): ERASES /dev/sda  serial S1  256 GB  Lab Disk",
    ]);
  });

  it.each<readonly [string, Partial<Hardware>]>([
    ["UUID", { uuid: "u-2" }],
    ["serial number", { serial: "m-2" }],
    ["disk", { disks: [{ ...disk, serial: "S2" }] }],
    ["disk, which is not there", { disks: [] }],
    ["disk without a name of its own, of another size", { disks: [{ ...disk, serial: "", sizeBytes: 1e12 }] }],
  ])("sends nothing to a machine with another %s", async (_what, other) => {
    const { give, sent, back } = desk();
    await give("boot-1");

    const refused = give("boot-2", other);

    await expect(refused).rejects.toMatchObject({
      code: "NODE_MACHINE_CHANGED",
      where: { node: "cp-1" },
      retry: "never",
    });
    expect(sent).toHaveLength(1);
    expect(back("boot-2")?.retry).toBe("same");
  });

  it("counts boots and not calls: a call that is repeated is no other time", async () => {
    const { give, told, back } = desk();

    for (let call = 0; call < 5; call += 1) await give("boot-1");

    expect(told).toEqual([]);
    expect(back("boot-1")).toBeUndefined();
    expect(back("boot-2")).toMatchObject({ code: "NODE_INSTALL_FAILED", retry: "same" });
  });

  it("is used up after three boots", async () => {
    const { give, back } = desk();

    for (let boot = 1; boot <= MAX_TIMES; boot += 1) await give(`boot-${boot}`);

    expect(back("boot-4")).toMatchObject({ code: "NODE_INSTALL_FAILED", retry: "later" });
    expect(back("boot-4")?.message).toContain("3 times");
  });
});
