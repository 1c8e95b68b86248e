import type { AppliedConfig } from "../../interior.ts";
import { registryAuth } from "../../node/images/pull-endpoints.ts";

/** Where containerd looks for the host files of registries, as on Talos. */
export const HOSTS_FOLDER = "/etc/cri/conf.d/hosts";

/**
 * containerd's own config, with what Talos sets for the CRI: images from mirrors alone, layers dropped once unpacked, the pause image
 * pinned. Credentials stand here and not in the host files, as on Talos.
 *
 * @param options.restrictOomScore - true where this process may not lower anybody's OOM score, or no sandbox would start
 */
export function containerdConfig(
  config: AppliedConfig | undefined,
  options: { readonly pauseImage: string; readonly restrictOomScore: boolean },
): string {
  const auth = config === undefined ? [] : [...registryAuth(config)];
  return `version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
oom_score = 0
disabled_plugins = [
  "io.containerd.internal.v1.opt",
  "io.containerd.nri.v1.nri",
  "io.containerd.internal.v1.tracing",
  "io.containerd.tracing.processor.v1.otlp",
]

[grpc]
  address = "/run/containerd/containerd.sock"

[debug]
  level = "info"
  format = "json"

[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
  discard_unpacked_layers = true
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = ${quoted(options.pauseImage)}
  [plugins."io.containerd.cri.v1.images".registry]
    config_path = ${quoted(HOSTS_FOLDER)}
${auth
  .map(
    ([host, { username, password }]) =>
      `    [plugins."io.containerd.cri.v1.images".registry.configs.${quoted(host)}.auth]\n      username = ${quoted(username)}\n      password = ${quoted(password)}\n`,
  )
  .join("")}
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = ${options.restrictOomScore}
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  [plugins."io.containerd.cri.v1.runtime".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
        BinaryName = "runc"
        SystemdCgroup = false
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["/opt/cni/bin"]
    conf_dir = "/etc/cni/net.d"

[plugins."io.containerd.transfer.v1.local"]
  config_path = ${quoted(HOSTS_FOLDER)}
`;
}

/**
 * A TOML basic string: the escapes of JSON, and those for what JSON lets stand and TOML does not.
 *
 * @see https://toml.io/en/v1.0.0#string
 */
export function quoted(text: string): string {
  return JSON.stringify(text.toWellFormed()).replaceAll("\u007f", "\\u007f");
}
