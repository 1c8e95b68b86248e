export type { Fault } from "./faults.ts";
export { FaultSchema, type MachineStatus, type RackCommand, type RackStatus } from "./rack/control-protocol.ts";
export { commandRack, listRacks, type RackListing, stopRack } from "./rack/known-racks.ts";
export type { RackTimings } from "./rack/rack-file.ts";
export { rehearsalTimings, resumeRack, type StartedRack, type StartRackOptions, startRack } from "./rack/start-rack.ts";
export { superviseRack } from "./rack/supervise.ts";
