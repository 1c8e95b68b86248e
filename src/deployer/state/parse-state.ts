import { record } from "../../kube/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import type { ClusterState, GitState, RegistryState } from "./cluster-state.ts";

type Json = Readonly<Record<string, unknown>>;

const internalGit = "http://zarf-gitea-http.zarf.svc.cluster.local:3000";

const text = (of: Json | undefined, key: string): string => {
  const value = of?.[key];
  return typeof value === "string" ? value : "";
};
const count = (of: Json | undefined, key: string): number => {
  const value = of?.[key];
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
};

/**
 * Reads the JSON of `zarf-state`.
 *
 * @throws OperatorError STATE_INVALID where it is not JSON, or not an object; never with what it holds
 */
export function parseState(json: string): ClusterState {
  const state = record(parseJson(json));
  if (state === undefined) throw notAState();
  const ipFamily = text(state, "ipFamily");
  return {
    appliance: state["zarfAppliance"] === true,
    distro: text(state, "distro"),
    storageClass: text(state, "storageClass"),
    ipFamily: ipFamily === "ipv4" || ipFamily === "ipv6" || ipFamily === "dual" ? ipFamily : "",
    agent: agentOf(record(state["agentTLS"])),
    agentMutationPolicy: text(state, "agentMutationPolicy"),
    injector: injectorOf(record(state["injectorInfo"])),
    registry: registryOf(record(state["registryInfo"])),
    git: gitOf(record(state["gitServer"])),
    artifact: artifactOf(record(state["artifactServer"])),
  };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // The error of JSON.parse quotes what it read, and this is full of passwords.
    throw notAState();
  }
}

const notAState = () =>
  new OperatorError("STATE_INVALID", "the Secret zarf/zarf-state holds no state that can be read", {
    where: { object: "Secret/zarf/zarf-state" },
    next: [
      "kubectl -n zarf get secret zarf-state   shows it",
      "initialise the cluster again, with the tool that made it",
    ],
  });

function agentOf(tls: Json | undefined): ClusterState["agent"] {
  const [ca, cert, key] = [text(tls, "ca"), text(tls, "cert"), text(tls, "key")];
  return cert === "" ? undefined : { ca, cert, key };
}

function injectorOf(info: Json | undefined): ClusterState["injector"] {
  return {
    image: text(info, "injectorImage"),
    port: count(info, "port"),
    payloadConfigMaps: count(info, "payLoadConfigMapAmount"),
    payloadShaSum: text(info, "payLoadShaSum"),
  };
}

/** External services that name nobody to pull are pulled from by whoever pushes. */
function credentialsOf(info: Json | undefined) {
  const [pushUsername, pushPassword] = [text(info, "pushUsername"), text(info, "pushPassword")];
  const hasPull = text(info, "pullUsername") !== "" || text(info, "pullPassword") !== "";
  return {
    pushUsername,
    pushPassword,
    pullUsername: hasPull ? text(info, "pullUsername") : pushUsername,
    pullPassword: hasPull ? text(info, "pullPassword") : pushPassword,
  };
}

function registryOf(info: Json | undefined): RegistryState | undefined {
  const address = text(info, "address");
  if (address === "") return undefined;
  // Older versions know the port as nodePort only.
  const port = count(info, "port") || count(info, "nodePort");
  const mtls = text(info, "mtlsStrategy");
  return {
    address,
    port,
    mode: modeOf(text(info, "registryMode"), address, port),
    mtlsStrategy: mtls === "none" || mtls === "zarf-managed" ? mtls : "",
    ...credentialsOf(info),
    secret: text(info, "secret"),
  };
}

function modeOf(written: string, address: string, port: number): RegistryState["mode"] {
  if (written === "nodeport" || written === "proxy" || written === "external") return written;
  return address === `127.0.0.1:${port}` || address === `[::1]:${port}` ? "nodeport" : "external";
}

function gitOf(info: Json | undefined): GitState | undefined {
  const address = text(info, "address");
  return address === "" ? undefined : { address, isInternal: address === internalGit, ...credentialsOf(info) };
}

function artifactOf(info: Json | undefined): ClusterState["artifact"] {
  const address = text(info, "address");
  if (address === "") return undefined;
  return { address, pushUsername: text(info, "pushUsername"), pushToken: text(info, "pushPassword") };
}
