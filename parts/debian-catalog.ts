/** One of Debian's programs. */
export interface DebianProgram {
  /** File name, looked for in bin and sbin with and without /usr; in the tree it is in usr/bin or usr/sbin. */
  readonly name: string;
  /** What it is asked once, alone with its libraries, to prove that it runs; default `--version`. */
  readonly proof?: readonly string[];
  /** It needs no library at all. */
  readonly isStatic?: true;
}

/** Programs of Debian's that stand beside our Go binaries, with every library they load. */
export interface DebianTools {
  readonly programs: readonly DebianProgram[];
  /** Folders of libraries that programs load by themselves, taken whole with what those need. */
  readonly pluginFolders?: readonly string[];
  /**
   * The program's package and those of its libraries, by the names of Debian 12 and later and Ubuntu 24.04 and later;
   * where these differ, the names in turn: the first that the machine knows is taken.
   */
  readonly packages: readonly (string | readonly [string, ...string[]])[];
}

export const debianTools = {
  nft: {
    programs: [{ name: "nft" }],
    packages: [
      "libbsd0",
      "libc6",
      "libedit2",
      "libgmp10",
      "libjansson4",
      "libmd0",
      "libmnl0",
      "libnftables1",
      "libnftnl11",
      "libtinfo6",
      "libxtables12",
      "nftables",
    ],
  },
  mount: {
    programs: [{ name: "mount" }, { name: "umount" }],
    packages: ["libblkid1", "libc6", "libmount1", "libpcre2-8-0", "libselinux1", "libsmartcols1", "mount"],
  },
  busybox: {
    programs: [{ name: "busybox", proof: ["--help"], isStatic: true }],
    packages: ["busybox-static"],
  },
  /** What a node has beside Go programs. `ip` and `unshare` of busybox cannot do network and cgroup namespaces. */
  node: {
    programs: [
      { name: "ip", proof: ["-V"] },
      { name: "mount" },
      { name: "nft" },
      { name: "nsenter" },
      // With seccomp; a Go build without libseccomp starts no pod that has a profile.
      { name: "runc" },
      { name: "umount" },
      { name: "unshare" },
      { name: "xtables-nft-multi", proof: ["iptables", "--version"] },
    ],
    pluginFolders: ["usr/lib/x86_64-linux-gnu/xtables"],
    packages: [
      "iproute2",
      "iptables",
      "libblkid1",
      "libbpf1",
      "libbsd0",
      "libc6",
      "libcap2",
      "libedit2",
      ["libelf1t64", "libelf1"],
      "libgmp10",
      "libip4tc2",
      "libip6tc2",
      "libjansson4",
      "libmd0",
      "libmnl0",
      "libmount1",
      "libnetfilter-conntrack3",
      "libnfnetlink0",
      "libnftables1",
      "libnftnl11",
      "libpcre2-8-0",
      "libseccomp2",
      "libselinux1",
      "libsmartcols1",
      "libtinfo6",
      "libxtables12",
      "libzstd1",
      "mount",
      "nftables",
      "runc",
      "util-linux",
      "zlib1g",
    ],
  },
} as const satisfies Readonly<Record<string, DebianTools>>;

export type DebianToolsName = keyof typeof debianTools;

/** The names to download, sorted, each once: of several, the first that is `known`, else the first. */
export function packageNames(packages: DebianTools["packages"], known: ReadonlySet<string>): readonly string[] {
  const names = packages.map((one) =>
    typeof one === "string" ? one : (one.find((name) => known.has(name)) ?? one[0]),
  );
  return [...new Set(names)].sort();
}

export interface LinkedLibrary {
  /** The name that the loader looks for, "libc.so.6". */
  readonly soname: string;
  /** Where it was found; undefined when it was not. */
  readonly file: string | undefined;
}

/**
 * Reads the list that the dynamic loader prints with `--list`: one "soname => path (address)" a line. The kernel's vdso
 * and the loader itself have no arrow and are left out.
 */
export function parseLoaderList(text: string): readonly LinkedLibrary[] {
  return text.split("\n").flatMap((line) => {
    const found = /^\s*(\S+) => (not found|\/.+?)(?: \(0x[0-9a-f]+\))?$/.exec(line);
    if (found?.[1] === undefined || found[1].includes("/")) return [];
    return [{ soname: found[1], file: found[2] === "not found" ? undefined : found[2] }];
  });
}
