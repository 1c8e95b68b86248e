export type { ApiResource } from "./api/api-resource.ts";
export type { ServedResource } from "./api/served-resources.ts";
export type { ApiAnswer, ApiExchange, ApiRequest } from "./api/transport.ts";
export { inApplyOrder } from "./apply-order.ts";
export type {
  ApplyOptions,
  Cluster,
  ConnectOptions,
  DeleteOptions,
  PatchOptions,
  Readyz,
  Selection,
  WriteOptions,
} from "./cluster.ts";
export { connectCluster } from "./cluster.ts";
export type { Readiness } from "./conditions.ts";
export { findResource } from "./find-resource.ts";
export type { ClusterAccess } from "./kubeconfig.ts";
export type { KindRef, KubeObject, ObjectMeta, ObjectRef } from "./objects.ts";
export { objectName, record, records, refOf } from "./objects.ts";
export { readiness } from "./readiness.ts";
export { connectStreams } from "./streams/connect-streams.ts";
export type { ExecOutcome, ExecRequest, ForwardTarget, KubeStreams, PortForward } from "./streams/streams.ts";
export type { Listing, WatchEvent } from "./watch.ts";
