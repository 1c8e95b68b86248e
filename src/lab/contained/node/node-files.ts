import { createHash } from "node:crypto";
import type { AppliedConfig } from "../../interior.ts";
import { at, text, texts } from "../../node/read-values.ts";

/** Small files that every node has, from its config, by path. */
export function nodeFiles(node: {
  readonly config: AppliedConfig;
  readonly nodeName: string;
  readonly address: string;
}): Readonly<Record<string, string>> {
  const servers = nameServers(node.config);
  const roots = node.config.documents
    .filter((document) => document["kind"] === "TrustedRootsConfig")
    .map((document) => text(document["certificates"]) ?? "");
  const forHost = at(node.config.v1alpha1, "machine", "features", "hostDNS", "forwardKubeDNSToHost") === true;
  return {
    "/etc/hostname": `${node.nodeName}\n`,
    "/etc/hosts": `127.0.0.1 localhost\n::1 localhost\n${node.address} ${node.nodeName}\n`,
    "/etc/machine-id": `${createHash("md5").update(node.nodeName).digest("hex")}\n`,
    "/etc/resolv.conf": resolvConf(servers),
    "/system/resolved/resolv.conf": resolvConf(forHost ? ["169.254.116.108"] : servers),
    "/etc/ssl/certs/ca-certificates.crt": roots.join("\n"),
  };
}

function nameServers(config: AppliedConfig): readonly string[] {
  const documents = config.documents.filter((document) => document["kind"] === "ResolverConfig");
  const named = documents.flatMap((document) => {
    const servers = document["nameservers"];
    return Array.isArray(servers) ? servers.flatMap((server: unknown) => text(at(server, "address")) ?? []) : [];
  });
  return named.length > 0 ? named : texts(at(config.v1alpha1, "machine", "network", "nameservers"));
}

function resolvConf(servers: readonly string[]): string {
  return servers.map((server) => `nameserver ${server}\n`).join("");
}
