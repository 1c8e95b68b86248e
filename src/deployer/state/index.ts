export { type ClusterState, type GitState, type RegistryState, stateNamespace } from "./cluster-state.ts";
export { type LeaseHolder, type LeaseOptions, type PackageLease, takePackageLease } from "./lease.ts";
export {
  type ComponentStatus,
  type ConnectString,
  type ConnectStrings,
  type DeployedComponent,
  type InstalledChart,
  isSameRecord,
  type PackageRecord,
  packageRecordJson,
  parsePackageRecord,
} from "./package-record.ts";
export { parseState } from "./parse-state.ts";
export { readState } from "./read-state.ts";
export {
  deletePackageRecord,
  listPackageRecords,
  readPackageRecord,
  recordName,
  type StoredRecord,
  writePackageRecord,
} from "./record-store.ts";
