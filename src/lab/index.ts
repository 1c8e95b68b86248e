export { relayLate } from "./contained/rack/delay-relay.ts";
export { runContainedMachine } from "./contained/rack/machine-process.ts";
export type { Ability, Diagnosis, Finding } from "./doctor/diagnosis.ts";
export { examineComputer } from "./doctor/examine-computer.ts";
export type { Fault } from "./faults.ts";
export { FaultSchema, type MachineStatus, type RackCommand, type RackStatus } from "./rack/control-protocol.ts";
export { type Entry, enterRack } from "./rack/enter-rack.ts";
export { commandRack, listRacks, type RackListing } from "./rack/known-racks.ts";
export { type InteriorKind, type RackTimings, rackPaths } from "./rack/rack-file.ts";
export { rehearsalTimings, resumeRack, type StartedRack, type StartRackOptions, startRack } from "./rack/start-rack.ts";
export { type RemovedRacks, stopAllRacks, stopRack } from "./rack/stop-rack.ts";
export { superviseRack } from "./rack/supervise.ts";
export { stockOf } from "./rehearsal/bundle-stock.ts";
export {
  checkFaults,
  drawFaults,
  type FaultLevel,
  faultText,
  parseFault,
  type RehearsalFault,
} from "./rehearsal/faults.ts";
export { type RehearsalSite, type StruckFault, startRehearsalSite } from "./rehearsal/rehearsal-site.ts";
export { seededNumbers } from "./rehearsal/seeded.ts";
export { VirtualTime } from "./rehearsal/virtual-time.ts";
