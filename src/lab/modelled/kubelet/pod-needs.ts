import type { KubeObject } from "../../../kube/index.ts";
import { at, list, mapping, text } from "../../node/read-values.ts";
import { type Container, containersOf } from "./pod-status.ts";

/** A ConfigMap or Secret that must exist before a container starts. */
export interface Need {
  readonly kind: "ConfigMap" | "Secret";
  readonly name: string;
}

/** What the pod's volumes mount: without it the pod stays in ContainerCreating. */
export function volumeNeeds(pod: KubeObject): readonly Need[] {
  return list(at(pod["spec"], "volumes")).flatMap((volume) => [
    ...need("ConfigMap", at(volume, "configMap"), "name"),
    ...need("Secret", at(volume, "secret"), "secretName"),
    ...list(at(volume, "projected", "sources")).flatMap((source) => [
      ...need("ConfigMap", at(source, "configMap"), "name"),
      ...need("Secret", at(source, "secret"), "name"),
    ]),
  ]);
}

/** What a container's environment comes from: without it the container waits with CreateContainerConfigError. */
export function environmentNeeds(container: Container): readonly Need[] {
  return [
    ...list(container.spec["env"]).flatMap((variable) => [
      ...need("ConfigMap", at(variable, "valueFrom", "configMapKeyRef"), "name"),
      ...need("Secret", at(variable, "valueFrom", "secretKeyRef"), "name"),
    ]),
    ...list(container.spec["envFrom"]).flatMap((source) => [
      ...need("ConfigMap", at(source, "configMapRef"), "name"),
      ...need("Secret", at(source, "secretRef"), "name"),
    ]),
  ];
}

/** Whether a CNI lands on the node with this pod: that is how each of them does it. */
export function bringsNetwork(pod: KubeObject): boolean {
  const mounted = new Set(
    [...containersOf(pod, "initContainers"), ...containersOf(pod, "containers")]
      .flatMap((container) => list(container.spec["volumeMounts"]))
      .map((mount) => at(mount, "name")),
  );
  return list(at(pod["spec"], "volumes")).some((volume) => {
    const path = text(at(volume, "hostPath", "path"))?.replace(/\/+$/, "");
    return path === "/etc/cni/net.d" && mounted.has(mapping(volume)["name"]);
  });
}

function need(kind: Need["kind"], source: unknown, key: string): readonly Need[] {
  const name = text(at(source, key));
  return name === undefined || at(source, "optional") === true ? [] : [{ kind, name }];
}
