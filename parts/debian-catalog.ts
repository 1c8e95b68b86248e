/** Programs of Debian's that an image needs beside its Go binary, with every library they load. */
export interface DebianTools {
  /** File names of the programs, looked for in bin and sbin with and without /usr. */
  readonly programs: readonly string[];
  /** The program's package and those of its libraries, by the names of Debian 12 and later and Ubuntu 24.04 and later. */
  readonly packages: readonly string[];
}

export const debianTools = {
  nft: {
    programs: ["nft"],
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
    programs: ["mount", "umount"],
    packages: ["libblkid1", "libc6", "libmount1", "libpcre2-8-0", "libselinux1", "libsmartcols1", "mount"],
  },
} as const satisfies Readonly<Record<string, DebianTools>>;

export type DebianToolsName = keyof typeof debianTools;

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
