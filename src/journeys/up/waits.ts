/** How long `up` waits for what, in milliseconds. Generous: real machines test their memory before they boot. */
export const waitsMs = {
  /** A machine that does not answer yet. */
  answer: 2 * 60_000,
  /** Apply to an answer with the site's identity: installer pull, disk, reboot, firmware. */
  install: 20 * 60_000,
  /** Talos refuses Bootstrap until its runtime is up and its clock is set. */
  bootstrap: 10 * 60_000,
  /** etcd image pull and joins, one learner at a time. */
  join: 15 * 60_000,
  /** Services and static pods. */
  health: 15 * 60_000,
  apiServer: 10 * 60_000,
  nodeReady: 15 * 60_000,
  /** CoreDNS and kube-proxy: images from the mirror. */
  systemPods: 15 * 60_000,
  package: 15 * 60_000,
} as const;
