import type { KubeObject } from "../../../kube/index.ts";
import type { ClusterFacts } from "../../node/cluster-facts.ts";
import {
  apiServerArguments,
  type ComponentPlaces,
  controllerManagerArguments,
  schedulerArguments,
} from "../../node/control-plane/component-arguments.ts";

export type ControlPlaneComponent = "kube-apiserver" | "kube-controller-manager" | "kube-scheduler";

/** Who each component runs as; its secrets are readable to that user alone. */
export const componentUsers: Readonly<Record<ControlPlaneComponent, number>> = {
  "kube-apiserver": 65534,
  "kube-controller-manager": 65535,
  "kube-scheduler": 65536,
};

interface PodInput {
  readonly name: ControlPlaneComponent;
  readonly image: string;
  readonly args: readonly string[];
  readonly requests: { readonly cpu: string; readonly memory: string };
  /** Host paths, mounted where they are. */
  readonly volumes: readonly { readonly name: string; readonly path: string; readonly writable?: boolean }[];
  readonly capabilities: object;
  readonly probes: object;
}

/** The pods that Talos 1.13.9 gives its kubelet, as recorded; the mirror Pods in the API follow from them. */
export function staticPods(facts: ClusterFacts, places: ComponentPlaces): readonly KubeObject[] {
  const secrets = (name: ControlPlaneComponent) => ({ name: "secrets", path: `${places.secrets}/${name}` });
  const config = (name: ControlPlaneComponent) => ({ name: "config", path: `${places.config}/${name}` });
  const dropAll = { drop: ["ALL"] };
  return [
    staticPod({
      name: "kube-apiserver",
      image: facts.images.apiServer,
      args: apiServerArguments(facts, places),
      requests: { cpu: "200m", memory: "512Mi" },
      volumes: [
        secrets("kube-apiserver"),
        config("kube-apiserver"),
        { name: "audit", path: places.audit, writable: true },
      ],
      capabilities: { add: ["NET_BIND_SERVICE"], ...dropAll },
      probes: {},
    }),
    staticPod({
      name: "kube-controller-manager",
      image: facts.images.controllerManager,
      args: controllerManagerArguments(facts, places),
      requests: { cpu: "50m", memory: "256Mi" },
      volumes: [secrets("kube-controller-manager")],
      capabilities: dropAll,
      probes: {
        livenessProbe: { ...httpsGet("/healthz", 10257), timeoutSeconds: 15 },
        startupProbe: { ...httpsGet("/healthz", 10257), failureThreshold: 12, periodSeconds: 5 },
      },
    }),
    staticPod({
      name: "kube-scheduler",
      image: facts.images.scheduler,
      args: schedulerArguments(facts, places),
      requests: { cpu: "10m", memory: "64Mi" },
      volumes: [secrets("kube-scheduler"), config("kube-scheduler")],
      capabilities: dropAll,
      probes: {
        livenessProbe: httpsGet("/livez", 10259),
        readinessProbe: httpsGet("/readyz", 10259),
        startupProbe: httpsGet("/livez", 10259),
      },
    }),
  ];
}

function staticPod(input: PodInput): KubeObject {
  const user = componentUsers[input.name];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: input.name,
      namespace: "kube-system",
      labels: {
        "app.kubernetes.io/component": "control-plane",
        "app.kubernetes.io/managed-by": "Talos",
        "app.kubernetes.io/name": input.name,
        "app.kubernetes.io/version": input.image.slice(input.image.lastIndexOf(":") + 1).replace(/^v/, ""),
        component: input.name,
        "k8s-app": input.name,
        tier: "control-plane",
      },
    },
    spec: {
      hostNetwork: true,
      priority: 2_000_000_000,
      priorityClassName: "system-cluster-critical",
      securityContext: { runAsUser: user, runAsGroup: user, runAsNonRoot: true },
      containers: [
        {
          name: input.name,
          image: input.image,
          command: [`/usr/local/bin/${input.name}`, ...input.args],
          env: [{ name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }],
          resources: { requests: input.requests },
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: input.capabilities,
            seccompProfile: { type: "RuntimeDefault" },
          },
          volumeMounts: input.volumes.map(({ name, path, writable }) => ({
            name,
            mountPath: path,
            ...(writable === true ? {} : { readOnly: true }),
          })),
          ...input.probes,
        },
      ],
      volumes: input.volumes.map(({ name, path }) => ({ name, hostPath: { path } })),
    },
  };
}

function httpsGet(path: string, port: number) {
  return { httpGet: { host: "localhost", path, port, scheme: "HTTPS" } };
}
