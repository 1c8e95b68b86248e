import type { CatalogPage } from "../catalog-page.ts";

/** Error codes of the room `lab`. */
export const labErrors = {
  LAB_RACK_EXISTS: {
    exit: 2,
    doc: "A rack of this name is there already, running or left over. Nothing was changed. Take it down with `skerry lab down NAME`, or choose another name.",
  },
  LAB_RACK_UNKNOWN: {
    exit: 2,
    doc: "There is no rack of this name in the state folder. `skerry lab list` shows those that are there.",
  },
  LAB_RACK_NOT_RUNNING: {
    exit: 4,
    doc: "The rack is there but its supervisor does not answer, for example because it was killed or the computer was restarted. `skerry lab down NAME` removes what is left.",
  },
  LAB_NO_SLOT: {
    exit: 7,
    doc: "Every range of loopback addresses that racks may use is taken by other racks or programs on this computer. Take a rack down and start again.",
  },
  LAB_TOO_MANY_NODES: {
    exit: 3,
    doc: "The site has more nodes than a rack has addresses for. Rehearse with a smaller site.",
  },
  LAB_DISK_IMPOSSIBLE: {
    exit: 3,
    doc: "A node's disk selector contradicts itself, so that no simulated disk, and hardly a real one, can match it.",
  },
  LAB_PATH_TOO_LONG: {
    exit: 2,
    doc: "The state folder's path is so long that the rack's control socket cannot be made in it: sockets allow about a hundred characters. Choose a shorter folder with --state-dir.",
  },
  LAB_SUPERVISOR_FAILED: {
    exit: 7,
    doc: "The rack's supervisor ended or did not get its machines up in time. What it said is in the supervisor.log that the message names; what was started was ended again.",
  },
  LAB_CANNOT_CONTAIN: {
    exit: 7,
    doc: "A contained rack was asked for, by `--interior contained` or by a fault that only such a rack has, and this computer or this site cannot have one. The message lists all that is lacking, with what to do about each. A modelled rack runs anywhere.",
  },
  LAB_CANNOT_REHEARSE: {
    exit: 7,
    doc: "`skerry doctor` found that this computer can have no rack, or none of the interior that `--interior` names. The message lists what is lacking, with what to do about each; the whole table is printed before it. `skerry rehearse up` needs none of it.",
  },
  LAB_FAULT_UNSUITABLE: {
    exit: 2,
    doc: "A fault of the network or of a disk's size was asked of a modelled rack, whose machines share the computer's loopback and disk. Nothing was changed. Contained racks have such faults.",
  },
  LAB_ORDER_FAILED: {
    exit: 7,
    doc: "The rack's supervisor tried what it was told and a program that it needs for that failed; the message has the program's own words. What was there before is still in force, or part of the new; `skerry lab fault RACK` shows it, and the supervisor.log has the whole story.",
  },
  LAB_NEEDS_ROOT: {
    exit: 2,
    doc: "The rack is contained: entering its network, and taking it down, need root, who started it. Run the same command with sudo.",
  },
  LAB_NODE_UNKNOWN: {
    exit: 2,
    doc: "A fault or a power switch names a machine that the rack does not have.",
  },
} as const satisfies CatalogPage;
