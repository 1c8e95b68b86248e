import type { ResourceStore } from "./resource-store.ts";
import type { MachineDisk, MachineHardware } from "./types.ts";

const TALOS_VERSION = "v1.13.9";

/** What a machine knows of itself before any config: hardware, links, version. */
export function seedHardware(resources: ResourceStore, hardware: MachineHardware, disks: readonly MachineDisk[]): void {
  resources.set("version", "version", { name: "Talos", version: TALOS_VERSION });
  resources.set("systemInformation", "systeminformation", {
    manufacturer: "Skerry",
    productName: "Lab machine",
    version: "1",
    serialnumber: hardware.serial,
    uuid: hardware.uuid,
    wakeUpType: "Power Switch",
    skuNumber: "",
  });
  resources.set("securityState", "securitystate", { secureBoot: false });
  resources.set("linkStatus", "eth0", linkSpec(hardware.mac));
  for (const disk of disks) resources.set("disk", disk.name, diskSpec(disk));
}

function linkSpec(mac: string): Readonly<Record<string, unknown>> {
  return {
    index: 2,
    type: "ether",
    linkIndex: 0,
    flags: "UP,BROADCAST,RUNNING,MULTICAST,LOWER_UP",
    hardwareAddr: mac,
    permanentAddr: mac,
    broadcastAddr: "ff:ff:ff:ff:ff:ff",
    mtu: 1500,
    queueDisc: "pfifo_fast",
    operationalState: "up",
    kind: "",
    slaveKind: "",
    driver: "virtio_net",
    linkState: true,
    speedMbit: 1000,
    port: "TwistedPair",
    duplex: "Full",
  };
}

function diskSpec(disk: MachineDisk): Readonly<Record<string, unknown>> {
  const { name, sizeBytes, model, serial, wwid = "", transport, rotational, readonly = false, cdrom = false } = disk;
  return {
    dev_path: `/dev/${name}`,
    size: sizeBytes,
    pretty_size: prettySize(sizeBytes),
    io_size: 512,
    sector_size: 512,
    readonly,
    cdrom,
    model,
    serial,
    wwid,
    bus_path: `/pci0000:00/0000:00:1f.2/${name}`,
    sub_system: "/sys/class/block",
    transport,
    rotational,
    symlinks: serial === "" ? [] : [`/dev/disk/by-id/${transport}-${model.replaceAll(" ", "_")}_${serial}`],
  };
}

/** `256 GB`, `1.0 TB`, as Talos prints sizes. */
function prettySize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const value = bytes / 1000 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}
