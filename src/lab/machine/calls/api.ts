import {
  type CallRegistrar,
  type Guard,
  imagePb,
  machinePb,
  serve,
  statePb,
  storagePb,
} from "../../../talos/api/index.ts";
import type { Boot } from "../boot.ts";
import type { ApiCaller } from "../boot-ports.ts";
import { authorize } from "../roles.ts";
import type { CallPorts } from "./call-ports.ts";
import { imageService } from "./image-service.ts";
import { machineService } from "./machine-service.ts";
import { stateService } from "./state-service.ts";
import { storageService } from "./storage-service.ts";

/** Puts the services of one boot behind a server; every call is authorized by the caller's roles first. */
export function addApi(server: CallRegistrar, boot: Boot, caller: ApiCaller): void {
  const ports: CallPorts = { ...caller, boot };
  const guard: Guard = ({ path, peer }) => {
    const roles = ports.rolesOf(peer);
    authorize(path, roles);
    ports.boot.logs.stamp(`machined/authz/authorizer authorized (${path} for ${JSON.stringify(roles)})`);
  };
  serve(server, machinePb.MachineService, machineService(ports), guard);
  serve(server, storagePb.StorageService, storageService(ports), guard);
  serve(server, imagePb.ImageService, imageService(ports), guard);
  serve(server, statePb.State, stateService(ports), guard);
}
