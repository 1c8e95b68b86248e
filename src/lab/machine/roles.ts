import { status } from "@grpc/grpc-js";
import { RpcStatus } from "../../talos/api/index.ts";

const READERS = ["os:admin", "os:operator", "os:reader"];
const OPERATORS = ["os:admin", "os:operator"];
const ADMINS = ["os:admin"];

/** Who may call what, as Talos' rules have it. ApplyConfiguration is refused inside: in maintenance readers may. */
const RULES: Readonly<Record<string, readonly string[]>> = {
  "/machine.MachineService/ApplyConfiguration": READERS,
  "/machine.MachineService/Bootstrap": ADMINS,
  "/machine.MachineService/Dmesg": READERS,
  "/machine.MachineService/EtcdLeaveCluster": ADMINS,
  "/machine.MachineService/EtcdMemberList": [...READERS, "os:etcd:backup"],
  "/machine.MachineService/EtcdRecover": ADMINS,
  "/machine.MachineService/EtcdSnapshot": [...OPERATORS, "os:etcd:backup"],
  "/machine.MachineService/Events": READERS,
  "/machine.MachineService/Kubeconfig": ADMINS,
  "/machine.MachineService/Logs": READERS,
  "/machine.MachineService/Reboot": OPERATORS,
  "/machine.MachineService/Reset": ADMINS,
  "/machine.MachineService/ServiceList": READERS,
  "/machine.MachineService/Shutdown": OPERATORS,
  "/machine.MachineService/Version": READERS,
  "/machine.ImageService/Import": ADMINS,
  "/machine.ImageService/List": READERS,
  "/machine.ImageService/Pull": OPERATORS,
  "/storage.StorageService/Disks": READERS,
  "/cosi.resource.State/Get": READERS,
  "/cosi.resource.State/List": READERS,
  "/cosi.resource.State/Watch": READERS,
};

export const notAuthorized = (): RpcStatus => new RpcStatus(status.PERMISSION_DENIED, "not authorized");

/** @throws RpcStatus PERMISSION_DENIED */
export function authorize(path: string, roles: readonly string[]): void {
  if (!(RULES[path] ?? []).some((role) => roles.includes(role))) throw notAuthorized();
}

/** @throws RpcStatus PERMISSION_DENIED for everyone but os:admin */
export function adminOnly(roles: readonly string[]): void {
  if (!roles.includes("os:admin")) throw notAuthorized();
}
