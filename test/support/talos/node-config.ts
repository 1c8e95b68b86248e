import { contractFor, type NodeConfigInput } from "../../../src/talos/config/index.ts";
import { testSecrets } from "./secrets.ts";

/** A control plane of a small site; override what a test is about. */
export function nodeInput(overrides: Partial<NodeConfigInput> = {}): NodeConfigInput {
  return {
    contract: contractFor("v1.13.9"),
    role: "controlplane",
    secrets: testSecrets(),
    clusterName: "windpark-7",
    endpoint: "https://10.5.0.100:6443",
    kubernetesVersion: "v1.36.3",
    install: { image: "ghcr.io/siderolabs/installer:v1.13.9", disk: "/dev/sda" },
    hostname: "cp-1",
    nameservers: [],
    timeServers: [],
    ...overrides,
  };
}
