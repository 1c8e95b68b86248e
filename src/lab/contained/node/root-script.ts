/** What the root of a node is made of. */
export interface NodeRoot {
  readonly node: string;
  readonly rootfs: string;
  readonly mountPoint: string;
  readonly varFolder: string;
  readonly varBytes?: number;
}

const MEMORY_FOLDERS = ["dev", "etc", "mnt", "proc", "root", "run", "srv", "sys", "system", "tmp", "var"] as const;
const DEVICES = ["full", "kmsg", "null", "random", "tty", "urandom", "zero"] as const;

/**
 * A script for the first process of a node, already in its own namespaces: builds the root, moves into it, says so on its standard
 * output, and stays to take in orphans. Everything is mounted in its own mount namespace and goes with it.
 */
export function rootScript(root: NodeRoot): string {
  const at = quoted(root.mountPoint);
  const base = quoted(root.rootfs);
  const memory =
    root.varBytes === undefined
      ? `mount --bind ${quoted(root.varFolder)} var`
      : `mount -t tmpfs -o mode=755,size=${root.varBytes} var var`;
  return `set -eu
mount --make-rprivate /
echo ${quoted(root.node)} >/proc/sys/kernel/hostname
mount -t tmpfs -o mode=755 ${quoted(`node-${root.node}`)} ${at}
cd ${at}
mkdir ${MEMORY_FOLDERS.join(" ")} old
for entry in ${base}/*; do
  name=\${entry##*/}
  if [ -L "$entry" ]; then cp -P "$entry" "$name"
  elif [ -e "$name" ]; then :
  elif [ -d "$entry" ]; then mkdir "$name"; mount --bind "$entry" "$name"; mount -o remount,bind,ro "$name"
  fi
done
cp -a ${base}/etc/. etc/
${memory}
mkdir -p var/lib var/log var/tmp var/cache
rm -rf var/run && ln -s /run var/run
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t sysfs -o nosuid,nodev,noexec sysfs sys
mount -t tmpfs -o mode=755,nosuid cgroup sys/fs/cgroup
grep ' - cgroup ' /proc/self/mountinfo | while read -r line; do
  names=\${line##* - cgroup }; names=\${names##* }
  options=; title=
  for name in $(echo "$names" | tr , ' '); do
    case $name in
      rw | ro | xattr | clone_children | noprefix | release_agent=*) ;;
      name=*) options=\${options:+$options,}$name; title=\${title:+$title,}\${name#name=} ;;
      *) options=\${options:+$options,}$name; title=\${title:+$title,}$name ;;
    esac
  done
  [ -d "sys/fs/cgroup/$title" ] && continue
  mkdir "sys/fs/cgroup/$title"
  mount -t cgroup -o "$options" cgroup "sys/fs/cgroup/$title" 2>/dev/null ||
    mount -t cgroup -o "none,$options" cgroup "sys/fs/cgroup/$title"
done
if [ -z "$(ls -A sys/fs/cgroup)" ]; then
  umount sys/fs/cgroup
  mount -t cgroup2 cgroup2 sys/fs/cgroup
fi
mount -t tmpfs -o mode=755,nosuid dev dev
for name in ${DEVICES.join(" ")}; do [ -c "/dev/$name" ] && cp -a "/dev/$name" dev/; done
[ -c /dev/fuse ] && cp -a /dev/fuse dev/
ln -s /proc/self/fd dev/fd; ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr; ln -s pts/ptmx dev/ptmx
mkdir dev/pts dev/shm dev/mqueue
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev shm dev/shm
mount -t mqueue mqueue dev/mqueue
mount -t tmpfs -o mode=755 run run
mount -t tmpfs -o mode=1777 tmp tmp
mount -t tmpfs -o mode=755 system system
bin/busybox pivot_root . old
cd /
/bin/busybox umount -l /old
/bin/busybox rmdir /old
/bin/busybox mount --make-rshared /
exec /bin/busybox sh -c 'echo ready; exec >/dev/null 2>&1; trap "exit 0" TERM; while :; do sleep 1000000 & wait $!; done'
`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
