import type { CatalogPage } from "../catalog-page.ts";

/** Error codes of the room `journeys`. */
export const journeysErrors = {
  RUN_LOCKED: {
    exit: 8,
    doc: "Another run works on this site; the message names its holder, host, process, start and last heartbeat. Nothing was changed. A lock whose process is gone, or whose heartbeat is older than a minute, is taken over by itself, so there is nothing to delete by hand.",
  },
  RUN_LOCK_LOST: {
    exit: 8,
    doc: "This run's lock was taken over by another run, which happens when this laptop slept for longer than a minute. The run stopped at once so that two runs do not work on one site. What was finished stays finished; running the command again waits for nothing and goes on from there.",
  },
  PHASE_UNKNOWN: {
    exit: 2,
    doc: "The phase named with --until does not exist in this journey. The message lists the phases there are. Nothing was changed.",
  },
  CONDITION_FAILED: {
    exit: 7,
    doc: "Something that was waited for can no longer happen; the message holds the reason. What was finished stays finished; running the same command again goes on from there.",
  },
  CONDITION_TIMED_OUT: {
    exit: 4,
    doc: "Something that was waited for did not happen within its time; the message repeats the last reason seen. What was finished stays finished; running the same command again goes on from there.",
  },
  NODES_SET_ASIDE: {
    exit: 9,
    doc: "Everything was done except for the workers named in the message: they failed and were left out. Mend them and run the same command again; nodes that are done are not touched.",
  },
  MIRROR_ADDRESS_UNCLEAR: {
    exit: 3,
    doc: "Nodes reach this laptop under different addresses, or some cannot reach it at all, and site.yaml does not say which address the mirror is to have. Nothing was done. Set mirror.address.",
  },
  BUNDLE_LACKS_CONTENT: {
    exit: 3,
    doc: "The rendered configs and packages of the site name images or packages that the bundle does not hold; all of them are listed with the reason. Nothing was touched. Make a bundle whose definition names this site.yaml.",
  },
  CONFIG_POINTS_OUTSIDE: {
    exit: 3,
    doc: "A rendered machine config names something public that a node would dial: a time or name server, a discovery service, a manifest URL. At a site without the internet that ends in a wait that nobody can end, so nothing was applied. The patch that brings it in is among those named in site.yaml.",
  },
  NODE_DISK_NOT_FOUND: {
    exit: 3,
    doc: "No disk of the machine matches the selector in site.yaml; the disks it has are listed. A control plane stops the run before anything is applied; a worker is set aside.",
  },
  NODE_DISK_AMBIGUOUS: {
    exit: 3,
    doc: "More than one disk of the machine matches the selector in site.yaml, and one of them would be erased by chance. A control plane stops the run before anything is applied; a worker is set aside. Name one disk, best by its serial number.",
  },
  NODE_DISK_WRONG: {
    exit: 7,
    doc: "The machine was installed on another disk than site.yaml names. It was read back after the reboot. Find out which machine this is before going on.",
  },
  NODE_INSTALL_FAILED: {
    exit: 7,
    doc: "A machine took its config and could not install. Either it says so itself, and the message holds its own words, the image and the disk; or it is back in maintenance without an installation, because the installer failed or the power did. After the second kind the same run gives it its config again, twice, as long as it is the same machine with the same disk. A worker is then set aside; for a control plane the run ends. Running the same command again gives it its config once more.",
  },
  NODE_MACHINE_CHANGED: {
    exit: 7,
    doc: "A machine came back into maintenance without an installation, and what answers at its address now has another UUID, serial number or disk than what was given the config before in this run. Nothing was sent to it and nothing of it erased. Running the command again shows its disk and asks. A worker is set aside; for a control plane the run ends.",
  },
  NODE_CLOCK_WRONG: {
    exit: 7,
    doc: "The clock of the machine is far from this laptop's: certificates would not be valid yet, or no longer, on one side. Nothing was applied to it. Set the clock in the machine's firmware, or the laptop's, or name a time server that stays at the site.",
  },
  NODE_DISK_FULL: {
    exit: 7,
    doc: "The machine has no space left on its disk for the images of Talos and Kubernetes; the message has its own words. A worker is set aside; for a control plane the run ends. Nothing is lost: give the machine a larger disk, or name another, and run the same command again.",
  },
  MIRROR_NOT_TRUSTED: {
    exit: 7,
    doc: "The machine asked for an image at this laptop's address, and what answered has a certificate of another authority than the site's: another machine with that address, or a proxy that opens TLS. The machine pulled nothing from it. A worker is set aside; for a control plane the run ends. The same command goes on once the mirror is reached again.",
  },
  NODE_UNKNOWN: {
    exit: 2,
    doc: "The site has no node of the name that was given; those it has are listed.",
  },
  ETCD_LEARNER_STUCK: {
    exit: 7,
    doc: "A control plane lost power, or was started again, between joining etcd as a learner and becoming a voting member. Talos does not ask for its promotion a second time, and no other control plane can join meanwhile. etcd works without it. Remove the learner from etcd, wipe the machine's EPHEMERAL partition, and run the same command again.",
  },
  ETCD_SPLIT: {
    exit: 7,
    doc: "Control planes of the site belong to different etcd clusters, so there are two clusters under one name. Nothing was done. Reset the machines that do not belong.",
  },
  ETCD_BOOTSTRAPPED_ELSEWHERE: {
    exit: 7,
    doc: "An earlier run sent etcd's one Bootstrap to a machine that site.yaml no longer names as a control plane, and no control plane has an etcd that answers. Another Bootstrap could begin a second cluster, so nothing was done. Bring the machine back into site.yaml, or remove the record that the message names if all machines were reset.",
  },
} as const satisfies CatalogPage;
