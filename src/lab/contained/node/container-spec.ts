/** What one container of Talos' own is started with. */
export interface ContainerPlan {
  readonly args: readonly string[];
  /** Inside the node: where its image is mounted. */
  readonly root: string;
  /** `0` for root. */
  readonly user: number;
  readonly cgroup: string;
  readonly mounts: readonly ContainerMount[];
  /** The kubelet may do everything, etcd nothing that needs a capability. */
  readonly privileged: boolean;
}

export interface ContainerMount {
  /** The same inside and outside, unless `from` says otherwise. */
  readonly path: string;
  readonly from?: string;
  /** Default `ro`. `shared`: mounts made in it are seen by the node, and the other way round. */
  readonly mode?: "ro" | "rw" | "shared";
}

/** By their numbers in the kernel. @see https://man7.org/linux/man-pages/man7/capabilities.7.html */
const CAPABILITIES = [
  ..."CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE".split(" "),
  ..."NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT".split(" "),
  ..."SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE".split(" "),
  ..."AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ".split(" "),
  ..."PERFMON BPF CHECKPOINT_RESTORE".split(" "),
].map((name) => `CAP_${name}`);

/** The capabilities of a process by name. @param status - the text of its `/proc/<pid>/status` */
export function capabilitiesOf(status: string): ReadonlySet<string> {
  const mask = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  return new Set(CAPABILITIES.filter((_name, number) => (mask >> BigInt(number)) % 2n === 1n));
}

/**
 * The runtime spec of a container that shares the node's network, processes and host name, as Talos runs etcd and the kubelet.
 *
 * @param available - capabilities that this process has, by name: what it lacks it cannot give
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.2.0/config.md
 */
export function containerSpec(plan: ContainerPlan, available: ReadonlySet<string>): object {
  const capabilities = plan.privileged ? CAPABILITIES.filter((name) => available.has(name)) : [];
  return {
    ociVersion: "1.0.2",
    process: {
      terminal: false,
      user: { uid: plan.user, gid: plan.user },
      args: plan.args,
      env: [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
      ],
      cwd: "/",
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      noNewPrivileges: !plan.privileged,
    },
    root: { path: plan.root, readonly: false },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "nodev", "noexec"] },
      ...plan.mounts.map(({ path, from = path, mode = "ro" }) => ({
        destination: path,
        type: "bind",
        source: from,
        options: ["rbind", mode === "ro" ? "ro" : "rw", mode === "shared" ? "rshared" : "rslave"],
      })),
    ],
    linux: {
      cgroupsPath: plan.cgroup,
      rootfsPropagation: plan.privileged ? "shared" : "slave",
      namespaces: [{ type: "mount" }],
      resources: { devices: [{ allow: plan.privileged, access: "rwm" }] },
    },
  };
}
