export { type ClusterState, type GitState, type RegistryState, stateNamespace } from "./cluster-state.ts";
export { parseState } from "./parse-state.ts";
export { readState } from "./read-state.ts";
