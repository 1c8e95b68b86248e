import type { KubeObject } from "../../../kube/index.ts";
import type { ClusterFacts } from "../cluster-facts.ts";
import { argumentLine } from "../read-values.ts";

const everywhere = [
  { effect: "NoSchedule", operator: "Exists" },
  { effect: "NoExecute", operator: "Exists" },
];
const fieldEnv = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
const hostVolume = (name: string, path: string) => ({ name, hostPath: { path } });

function configMap(
  name: string,
  data: Readonly<Record<string, string>>,
  meta: { readonly labels?: Readonly<Record<string, string>> } = {},
): KubeObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "kube-system", ...meta }, data };
}

function daemonSet(name: string, app: string, podSpec: object, more: object = {}): KubeObject {
  const labels = { "k8s-app": app, tier: "node" };
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name, namespace: "kube-system", labels },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec }, ...more },
  };
}

const onLinux = {
  requiredDuringSchedulingIgnoredDuringExecution: {
    nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/os", operator: "In", values: ["linux"] }] }],
  },
};

/** Flannel as Talos 1.13.9 brings it: its first container writes the CNI config that makes the node ready. */
export function flannel(facts: ClusterFacts): readonly KubeObject[] {
  const image = facts.images.flannel;
  const cni = {
    name: "cbr0",
    cniVersion: "1.0.0",
    plugins: [
      { type: "flannel", delegate: { hairpinMode: true, isDefaultGateway: true } },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
  const network = { Network: facts.podSubnets[0] ?? "", Backend: { Type: "vxlan", Port: 4789 } };
  const configMount = { mountPath: "/etc/kube-flannel/", name: "flannel-cfg" };
  return [
    configMap(
      "kube-flannel-cfg",
      { "cni-conf.json": JSON.stringify(cni, undefined, 2), "net-conf.json": JSON.stringify(network, undefined, 2) },
      { labels: { "k8s-app": "flannel", tier: "node" } },
    ),
    daemonSet("kube-flannel", "flannel", {
      affinity: { nodeAffinity: onLinux },
      hostNetwork: true,
      priorityClassName: "system-node-critical",
      serviceAccountName: "flannel",
      tolerations: everywhere,
      initContainers: [
        {
          name: "install-config",
          image,
          command: ["cp"],
          args: ["-f", "/etc/kube-flannel/cni-conf.json", "/etc/cni/net.d/10-flannel.conflist"],
          volumeMounts: [{ mountPath: "/etc/cni/net.d", name: "cni" }, configMount],
        },
      ],
      containers: [
        {
          name: "kube-flannel",
          image,
          command: ["/opt/bin/flanneld"],
          args: ["--ip-masq", "--kube-subnet-mgr"],
          env: [
            fieldEnv("POD_NAME", "metadata.name"),
            fieldEnv("POD_NAMESPACE", "metadata.namespace"),
            { name: "EVENT_QUEUE_DEPTH", value: "5000" },
            { name: "CONT_WHEN_CACHE_NOT_READY", value: "false" },
            { name: "KUBERNETES_SERVICE_HOST", value: "127.0.0.1" },
            { name: "KUBERNETES_SERVICE_PORT", value: "7445" },
          ],
          resources: { requests: { cpu: "100m", memory: "50Mi" } },
          securityContext: { capabilities: { add: ["NET_ADMIN", "NET_RAW"] }, privileged: false },
          volumeMounts: [{ mountPath: "/run/flannel", name: "run" }, configMount],
        },
      ],
      volumes: [
        hostVolume("run", "/run/flannel"),
        hostVolume("cni", "/etc/cni/net.d"),
        { name: "flannel-cfg", configMap: { name: "kube-flannel-cfg" } },
      ],
    }),
  ];
}

const oneAtATime = { updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } } };

export function kubeProxy(facts: ClusterFacts): readonly KubeObject[] {
  const args = {
    "cluster-cidr": facts.podSubnets.join(","),
    "conntrack-max-per-core": "0",
    "hostname-override": "$(NODE_NAME)",
    kubeconfig: "/etc/kubernetes/kubeconfig",
    "proxy-mode": "nftables",
  };
  const readOnly = (mountPath: string, name: string) => ({ mountPath, name, readOnly: true });
  return [
    daemonSet(
      "kube-proxy",
      "kube-proxy",
      {
        hostNetwork: true,
        priorityClassName: "system-cluster-critical",
        serviceAccountName: "kube-proxy",
        tolerations: everywhere,
        containers: [
          {
            name: "kube-proxy",
            image: facts.images.proxy,
            command: ["/usr/local/bin/kube-proxy", ...argumentLine(args, facts.extraArgs.proxy)],
            env: [fieldEnv("NODE_NAME", "spec.nodeName"), fieldEnv("POD_IP", "status.podIP")],
            securityContext: { privileged: true },
            volumeMounts: [
              readOnly("/lib/modules", "lib-modules"),
              readOnly("/etc/ssl/certs", "ssl-certs-host"),
              readOnly("/etc/kubernetes", "kubeconfig"),
            ],
          },
        ],
        volumes: [
          hostVolume("lib-modules", "/usr/lib/modules"),
          hostVolume("ssl-certs-host", "/etc/ssl/certs"),
          { name: "kubeconfig", configMap: { name: "kubeconfig-in-cluster" } },
        ],
      },
      oneAtATime,
    ),
  ];
}

/** The kubeconfig that kube-proxy mounts: through KubePrism, with the pod's own token. */
export const kubeconfigInCluster: KubeObject = configMap("kubeconfig-in-cluster", {
  kubeconfig: [
    "apiVersion: v1",
    "clusters:",
    "- cluster:",
    "    certificate-authority: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
    "    server: https://127.0.0.1:7445",
    "  name: local",
    "contexts:",
    "- context:",
    "    cluster: local",
    "    user: service-account",
    "  name: local",
    "current-context: local",
    "kind: Config",
    "users:",
    "- name: service-account",
    "  user:",
    "    tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token",
    "",
  ].join("\n"),
});
