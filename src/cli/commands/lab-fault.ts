import type { RackStatus } from "../../lab/index.ts";
import type { Handler } from "../command.ts";
import { faultOf } from "../faults.ts";
import { stateFolderOf } from "../folders.ts";

/** `skerry lab fault RACK [FAULT…]` */
export const labFault: Handler = async (call) => {
  const [rack = "", ...texts] = call.args;
  const lab = await import("../../lab/index.ts");
  const where = { stateDir: stateFolderOf(call), signal: call.signal };
  const commands = call.flags.clear
    ? (texts.length === 0 ? [""] : texts).map((text) => clearing(text))
    : texts.map((text) => ({ do: "inject", fault: faultOf(text, lab.FaultSchema) }) as const);
  let status = await lab.commandRack(rack, { do: "status" }, where);
  for (const command of commands) status = await lab.commandRack(rack, command, where);
  const { networkFaults } = status;
  return { exit: 0, text: faultText(status), document: { kind: "RackFaults", data: { rack, networkFaults } } };
};

/** "loss=w-1", "loss" or nothing, as what is to end. */
function clearing(text: string) {
  const [kind = "", node] = text.split("=");
  return { do: "clear", ...(kind === "" ? {} : { kind }), ...(node === undefined ? {} : { node }) } as const;
}

function faultText({ name, networkFaults }: RackStatus): string {
  if (networkFaults.length === 0) return `The network of rack ${name} is as it should be.`;
  return ["Wrong with the network:", ...networkFaults.map((fault) => `  ${wordsOf(fault)}`)].join("\n");
}

function wordsOf(fault: RackStatus["networkFaults"][number]): string {
  switch (fault.kind) {
    case "loss":
      return `loss        ${fault.node}: ${fault.percent} of 100 packets, both ways`;
    case "partition":
      return `partition   ${[fault.node, ...fault.with].join(", ")} apart from the other machines`;
    case "delay":
      return `delay       ${fault.node}: ${fault.milliseconds} ms, both ways`;
    case "unplug":
      return `unplug      ${fault.node}`;
    default:
      return fault satisfies never;
  }
}
