export type { MachineStageName, NodeEvent, UnmetCondition } from "./events.ts";
export * as commonPb from "./gen/common/common_pb.ts";
export * as resourcePb from "./gen/cosi/resource/resource_pb.ts";
export * as statePb from "./gen/cosi/resource/state_pb.ts";
export * as imagePb from "./gen/machine/image_pb.ts";
export * as machinePb from "./gen/machine/machine_pb.ts";
export * as storagePb from "./gen/storage/storage_pb.ts";
export { type HandshakeFailure, judgeLeaf } from "./handshake.ts";
export { fingerprintOf, isMaintenanceLeaf, type NodeIdentity } from "./identity.ts";
export type { ImageStore, LayerProgress, NodeImage } from "./image-calls.ts";
export {
  type MachineStatus,
  type NodeDisk,
  resourceKinds,
  type SecurityState,
  type SystemDisk,
} from "./known-resources.ts";
export type {
  ApplyAnswer,
  ApplyMode,
  ApplyRequest,
  EtcdMember,
  NodeService,
  NodeVersion,
} from "./machine-calls.ts";
export { type MemoryConnection, MemoryServer } from "./memory-server.ts";
export { createMemoryTransport, type MemoryTarget } from "./memory-transport.ts";
export { clientOf, connectNode, type NodeClient, type NodeTarget, TALOS_PORT } from "./node-client.ts";
export { type NodeSight, probeNode } from "./probe.ts";
export type { NodeResource, ResourceEvent, ResourceKind } from "./resource-calls.ts";
export { type CallContext, type CallRegistrar, type Guard, type Handlers, RpcStatus, serve } from "./serve.ts";
export type { CallOptions } from "./transport.ts";
export { deserializer, MAX_MESSAGE_BYTES, methodPath, serializer } from "./wire.ts";
