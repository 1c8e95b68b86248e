import type { ClusterFacts } from "../cluster-facts.ts";
import { argumentLine } from "../read-values.ts";

/** Where a component of the control plane finds what it needs, and where it listens. */
export interface ComponentPlaces {
  readonly address: string;
  /** `system/secrets/kubernetes` of the machine. */
  readonly secrets: string;
  /** `system/config/kubernetes` of the machine. */
  readonly config: string;
  /** `var/log/audit/kube` of the machine. */
  readonly audit: string;
  /**
   * `own`: the machine has a network of its own, and everything listens as Talos lets it. `shared`: it has only its address, so that nothing
   * listens elsewhere, and audit files are kept small because hundreds of machines may share one disk.
   */
  readonly network: "own" | "shared";
  /** Put before every path when files are written, where the machine's root is not that of this process. Default none. */
  readonly root?: string;
}

const CIPHERS = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
  "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
  "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
].join(",");

/**
 * kube-apiserver as Talos 1.13.9 starts it (recorded). On a shared network it binds and advertises the machine's own address and writes
 * no Endpoints for it, because those may not be loopback addresses.
 */
export function apiServerArguments(facts: ClusterFacts, places: ComponentPlaces): readonly string[] {
  const secret = (name: string) => `${places.secrets}/kube-apiserver/${name}`;
  const config = (name: string) => `${places.config}/kube-apiserver/${name}`;
  const shared = places.network === "shared";
  const own = {
    "admission-control-config-file": config("admission-control-config.yaml"),
    "advertise-address": shared ? places.address : "$(POD_IP)",
    "allow-privileged": "true",
    "anonymous-auth": "false",
    "api-audiences": facts.endpoint,
    "audit-log-maxage": "30",
    "audit-log-maxbackup": shared ? "1" : "10",
    "audit-log-maxsize": shared ? "20" : "100",
    "audit-log-path": `${places.audit}/kube-apiserver.log`,
    "audit-policy-file": config("auditpolicy.yaml"),
    "authorization-config": config("authorization-config.yaml"),
    "bind-address": shared ? places.address : "0.0.0.0",
    "client-ca-file": secret("ca.crt"),
    "enable-admission-plugins": "NodeRestriction",
    "enable-bootstrap-token-auth": "true",
    "encryption-provider-config": secret("encryptionconfig.yaml"),
    ...(shared ? { "endpoint-reconciler-type": "none" } : {}),
    "etcd-cafile": secret("etcd-client-ca.crt"),
    "etcd-certfile": secret("etcd-client.crt"),
    "etcd-keyfile": secret("etcd-client.key"),
    "etcd-servers": shared ? `https://${places.address}:2379` : "https://127.0.0.1:2379",
    "kubelet-client-certificate": secret("apiserver-kubelet-client.crt"),
    "kubelet-client-key": secret("apiserver-kubelet-client.key"),
    "kubelet-preferred-address-types": "InternalIP,ExternalIP,Hostname",
    profiling: "false",
    "proxy-client-cert-file": secret("front-proxy-client.crt"),
    "proxy-client-key-file": secret("front-proxy-client.key"),
    "requestheader-allowed-names": "front-proxy-client",
    "requestheader-client-ca-file": secret("aggregator-ca.crt"),
    "requestheader-extra-headers-prefix": "X-Remote-Extra-",
    "requestheader-group-headers": "X-Remote-Group",
    "requestheader-username-headers": "X-Remote-User",
    "secure-port": "6443",
    "service-account-issuer": facts.endpoint,
    "service-account-key-file": secret("service-account.pub"),
    "service-account-signing-key-file": secret("service-account.key"),
    "service-cluster-ip-range": facts.serviceSubnets.join(","),
    "tls-cert-file": secret("apiserver.crt"),
    "tls-cipher-suites": CIPHERS,
    "tls-min-version": "VersionTLS12",
    "tls-private-key-file": secret("apiserver.key"),
  };
  return argumentLine(own, facts.extraArgs.apiServer);
}

/** kube-controller-manager as Talos starts it. */
export function controllerManagerArguments(facts: ClusterFacts, places: ComponentPlaces): readonly string[] {
  const secret = (name: string) => `${places.secrets}/kube-controller-manager/${name}`;
  const own = {
    "use-service-account-credentials": "true",
    "allocate-node-cidrs": "true",
    "authentication-kubeconfig": secret("kubeconfig"),
    "authorization-kubeconfig": secret("kubeconfig"),
    "bind-address": places.network === "shared" ? places.address : "127.0.0.1",
    "cluster-cidr": facts.podSubnets.join(","),
    "cluster-signing-cert-file": secret("ca.crt"),
    "cluster-signing-key-file": secret("ca.key"),
    "configure-cloud-routes": "false",
    controllers: "*,tokencleaner",
    kubeconfig: secret("kubeconfig"),
    "leader-elect": "true",
    profiling: "false",
    "root-ca-file": secret("ca.crt"),
    "service-account-private-key-file": secret("service-account.key"),
    "service-cluster-ip-range": facts.serviceSubnets.join(","),
    "tls-min-version": "VersionTLS13",
  };
  return argumentLine(own, facts.extraArgs.controllerManager);
}

/** kube-scheduler as Talos starts it. */
export function schedulerArguments(facts: ClusterFacts, places: ComponentPlaces): readonly string[] {
  const kubeconfig = `${places.secrets}/kube-scheduler/kubeconfig`;
  const own = {
    "authentication-kubeconfig": kubeconfig,
    "authentication-tolerate-lookup-failure": "false",
    "authorization-kubeconfig": kubeconfig,
    "bind-address": places.network === "shared" ? places.address : "127.0.0.1",
    config: `${places.config}/kube-scheduler/scheduler-config.yaml`,
    "leader-elect": "true",
    profiling: "false",
    "tls-min-version": "VersionTLS13",
  };
  return argumentLine(own, facts.extraArgs.scheduler);
}
