import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { machinePb } from "../../talos/api/index.ts";
import { KINDS, type Kind } from "./resource-store.ts";
import { asRecord } from "./values.ts";

/** How a field of a spec is written: a scalar, a text list, or a message. */
type Field = readonly [
  key: string,
  number: number,
  type: "string" | "bool" | "uint" | "texts" | "map" | "stage" | Layout | readonly [Layout],
];
interface Layout {
  readonly fields: readonly Field[];
}

const { MachineStatusEvent_MachineStage: Stage } = machinePb;

const unmetCondition: Layout = {
  fields: [
    ["name", 1, "string"],
    ["reason", 2, "string"],
  ],
};

/** Field numbers of the specs, as the published Go types carry them; Talos' own clients read typed specs from this form. */
const LAYOUTS: Partial<Readonly<Record<Kind, readonly Field[]>>> = {
  machineStatus: [
    ["stage", 1, "stage"],
    [
      "status",
      2,
      {
        fields: [
          ["ready", 1, "bool"],
          ["unmetConditions", 2, [unmetCondition]],
        ],
      },
    ],
  ],
  version: [
    ["name", 2, "string"],
    ["version", 1, "string"],
  ],
  systemInformation: [
    ["manufacturer", 1, "string"],
    ["productName", 2, "string"],
    ["version", 3, "string"],
    ["serialnumber", 4, "string"],
    ["uuid", 5, "string"],
    ["wakeUpType", 6, "string"],
    ["skuNumber", 7, "string"],
  ],
  disk: [
    ["size", 1, "uint"],
    ["io_size", 2, "uint"],
    ["sector_size", 3, "uint"],
    ["readonly", 4, "bool"],
    ["model", 5, "string"],
    ["serial", 6, "string"],
    ["wwid", 8, "string"],
    ["bus_path", 9, "string"],
    ["sub_system", 10, "string"],
    ["transport", 11, "string"],
    ["rotational", 12, "bool"],
    ["cdrom", 13, "bool"],
    ["dev_path", 14, "string"],
    ["pretty_size", 15, "string"],
    ["symlinks", 18, "texts"],
  ],
  systemDisk: [
    ["diskID", 1, "string"],
    ["devPath", 2, "string"],
  ],
  hostnameStatus: [
    ["hostname", 1, "string"],
    ["domainname", 2, "string"],
  ],
  networkStatus: [
    ["addressReady", 1, "bool"],
    ["connectivityReady", 2, "bool"],
    ["hostnameReady", 3, "bool"],
    ["etcFilesReady", 4, "bool"],
  ],
  service: [
    ["running", 1, "bool"],
    ["healthy", 2, "bool"],
    ["unknown", 3, "bool"],
  ],
  timeStatus: [
    ["synced", 1, "bool"],
    ["epoch", 2, "uint"],
    ["syncDisabled", 3, "bool"],
  ],
  securityState: [["secureBoot", 1, "bool"]],
  etcdMember: [["memberID", 1, "string"]],
  nodename: [
    ["nodename", 1, "string"],
    ["hostnameVersion", 2, "string"],
    ["skipNodeRegistration", 3, "bool"],
  ],
  nodeStatus: [
    ["nodename", 1, "string"],
    ["nodeReady", 2, "bool"],
    ["unschedulable", 3, "bool"],
    ["labels", 4, "map"],
    ["annotations", 5, "map"],
  ],
};

/** By their number in Talos' MachineType. */
const MACHINE_TYPES = ["unknown", "init", "controlplane", "worker"];

const byType: ReadonlyMap<string, readonly Field[]> = new Map(
  Object.entries(LAYOUTS).map(([kind, layout]) => [KINDS[kind as Kind][0], layout]),
);

/** The protobuf form of a spec; empty for kinds whose layout is not known, which clients can read as YAML only. */
export function protoSpec(type: string, spec: unknown): Uint8Array {
  const writer = new BinaryWriter();
  if (typeof spec === "string") {
    if (type === KINDS.machineConfig[0]) return writer.tag(1, WireType.LengthDelimited).string(spec).finish();
    return writer
      .tag(1, WireType.Varint)
      .uint32(Math.max(0, MACHINE_TYPES.indexOf(spec)))
      .finish();
  }
  write(writer, byType.get(type) ?? [], spec);
  return writer.finish();
}

function write(writer: BinaryWriter, fields: readonly Field[], spec: unknown): void {
  const values = asRecord(spec);
  for (const [key, number, type] of fields) {
    const value = values[key];
    if (typeof type === "object") {
      const layout = "fields" in type ? type : type[0];
      for (const item of Array.isArray(value) ? value : [value]) {
        writer.tag(number, WireType.LengthDelimited).fork();
        write(writer, layout.fields, item);
        writer.join();
      }
    } else writeScalar(writer, number, type, value);
  }
}

function writeScalar(writer: BinaryWriter, number: number, type: Exclude<Field[2], object>, value: unknown): void {
  switch (type) {
    case "string":
      if (typeof value === "string" && value !== "") writer.tag(number, WireType.LengthDelimited).string(value);
      return;
    case "bool":
      if (value === true) writer.tag(number, WireType.Varint).bool(true);
      return;
    case "uint":
      if (typeof value === "number" && value !== 0) writer.tag(number, WireType.Varint).uint64(value);
      return;
    case "stage": {
      const stage = Stage[String(value).toUpperCase().replaceAll(" ", "_") as keyof typeof Stage];
      if (stage !== 0) writer.tag(number, WireType.Varint).uint32(stage);
      return;
    }
    case "texts":
      for (const text of Array.isArray(value) ? value : [])
        writer.tag(number, WireType.LengthDelimited).string(String(text));
      return;
    case "map":
      for (const [key, text] of Object.entries(asRecord(value))) {
        writer.tag(number, WireType.LengthDelimited).fork();
        writer.tag(1, WireType.LengthDelimited).string(key);
        writer.tag(2, WireType.LengthDelimited).string(String(text));
        writer.join();
      }
  }
}
