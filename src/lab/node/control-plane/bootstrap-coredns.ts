import ipaddr from "ipaddr.js";
import type { KubeObject } from "../../../kube/index.ts";
import type { ClusterFacts } from "../cluster-facts.ts";

const labels = { "k8s-app": "kube-dns" };

function corefile(dnsDomain: string): string {
  return `.:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    log . {
        class error
    }
    prometheus :9153

    kubernetes ${dnsDomain} in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success ${dnsDomain}
       disable denial ${dnsDomain}
    }
    loop
    reload
    loadbalance
}
`;
}

/** CoreDNS as Talos 1.13.9 brings it: config, Deployment and the Service at the tenth address of the service subnet. */
export function coreDns(facts: ClusterFacts): readonly KubeObject[] {
  const clusterIps = facts.serviceSubnets.map(tenthAddress);
  const probe = (path: string, port: number) => ({ httpGet: { path, port, scheme: "HTTP" } });
  const port = (name: string, number: number, protocol: string) => ({
    name,
    port: number,
    protocol,
    targetPort: number,
  });
  return [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "coredns", namespace: "kube-system" },
      data: { Corefile: corefile(facts.dnsDomain) },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "coredns", namespace: "kube-system", labels: { ...labels, "kubernetes.io/name": "CoreDNS" } },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
        template: {
          metadata: { labels },
          spec: {
            affinity: { podAntiAffinity: apartFromEachOther },
            containers: [
              {
                name: "coredns",
                image: facts.images.coredns,
                imagePullPolicy: "IfNotPresent",
                args: ["-conf", "/etc/coredns/Corefile"],
                env: [{ name: "GOMEMLIMIT", value: "161MiB" }],
                ports: [
                  { name: "dns", containerPort: 53, protocol: "UDP" },
                  { name: "dns-tcp", containerPort: 53, protocol: "TCP" },
                  { name: "metrics", containerPort: 9153, protocol: "TCP" },
                ],
                livenessProbe: {
                  ...probe("/health", 8080),
                  initialDelaySeconds: 60,
                  timeoutSeconds: 5,
                  successThreshold: 1,
                  failureThreshold: 5,
                },
                readinessProbe: probe("/ready", 8181),
                resources: { limits: { memory: "170Mi" }, requests: { cpu: "100m", memory: "70Mi" } },
                securityContext: {
                  allowPrivilegeEscalation: false,
                  capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] },
                  readOnlyRootFilesystem: true,
                },
                volumeMounts: [{ name: "config-volume", mountPath: "/etc/coredns", readOnly: true }],
              },
            ],
            dnsPolicy: "Default",
            nodeSelector: { "kubernetes.io/os": "linux" },
            priorityClassName: "system-cluster-critical",
            serviceAccountName: "coredns",
            tolerations: [
              { key: "node-role.kubernetes.io/control-plane", operator: "Exists", effect: "NoSchedule" },
              { key: "node.cloudprovider.kubernetes.io/uninitialized", operator: "Exists", effect: "NoSchedule" },
            ],
            volumes: [
              { name: "config-volume", configMap: { name: "coredns", items: [{ key: "Corefile", path: "Corefile" }] } },
            ],
          },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: {
        name: "kube-dns",
        namespace: "kube-system",
        annotations: { "prometheus.io/port": "9153", "prometheus.io/scrape": "true" },
        labels: { ...labels, "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS" },
      },
      spec: {
        clusterIP: clusterIps[0],
        clusterIPs: clusterIps,
        ipFamilies: clusterIps.map((address) => (address.includes(":") ? "IPv6" : "IPv4")),
        ipFamilyPolicy: clusterIps.length > 1 ? "RequireDualStack" : "SingleStack",
        ports: [port("dns", 53, "UDP"), port("dns-tcp", 53, "TCP"), port("metrics", 9153, "TCP")],
        selector: labels,
      },
    },
  ];
}

const apartFromEachOther = {
  preferredDuringSchedulingIgnoredDuringExecution: [
    {
      weight: 100,
      podAffinityTerm: {
        labelSelector: { matchExpressions: [{ key: "k8s-app", operator: "In", values: ["kube-dns"] }] },
        topologyKey: "kubernetes.io/hostname",
      },
    },
  ],
};

/** The tenth address of a subnet: where the cluster's DNS is. @param cidr - `10.96.0.0/12` */
export function tenthAddress(cidr: string): string {
  const bytes = ipaddr.parseCIDR(cidr)[0].toByteArray();
  const last = bytes.length - 1;
  return ipaddr.fromByteArray(bytes.map((byte, index) => (index === last ? byte + 10 : byte))).toString();
}
