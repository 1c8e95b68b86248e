import type { CommandSpec } from "./command.ts";
import type { FlagName } from "./flags.ts";

const which: readonly FlagName[] = ["site", "rack", "state-dir"];
const run: readonly FlagName[] = ["json", "events", "timeout"];

/** Every command, in the order of help. Nothing here imports what a command needs; `load` does. */
export const commands: readonly CommandSpec[] = [
  {
    words: ["init"],
    summary: "Write a commented site.yaml and bundle.yaml to start from",
    description: "Never overwrites a file that is there.",
    arguments: [{ name: "DIR", isRequired: false, does: "Folder; made where it is missing. Default: this folder." }],
    flags: ["json"],
    examples: [{ command: "skerry init windpark-7", does: "start a site in the folder windpark-7" }],
    load: async () => (await import("./commands/init.ts")).init,
  },
  {
    words: ["bundle", "create"],
    summary: "Collect everything a site will pull into one signed file",
    description:
      "Reads bundle.yaml (or the FILE given), computes the closure of its sites, fetches what is missing, and writes NAME.bundle.tar " +
      "beside it (or --out). Run again after an interruption: what is verified is not fetched again.",
    arguments: [{ name: "FILE", isRequired: false, does: "The bundle definition. Default ./bundle.yaml." }],
    flags: ["dry-run", "out", "registry-override", ...run, "concurrency"],
    examples: [
      { command: "skerry bundle create", does: "make the bundle that ./bundle.yaml describes" },
      {
        command: "skerry bundle create --registry-override docker.io=https://cache.example",
        does: "fetch Docker Hub's images from a cache",
      },
    ],
    load: async () => (await import("./commands/bundle-create.ts")).bundleCreate,
  },
  {
    words: ["bundle", "verify"],
    summary: "Hash every byte of a bundle and check its signature and closure",
    arguments: [
      { name: "FILE", isRequired: false, does: "The bundle. Default: the only *.bundle.tar in this folder." },
    ],
    flags: ["key", "site", ...run],
    examples: [{ command: "skerry bundle verify windpark.bundle.tar --key windpark.pub", does: "before it travels" }],
    load: async () => (await import("./commands/bundle-verify.ts")).bundleVerify,
  },
  {
    words: ["bundle", "inspect"],
    summary: "Show what a bundle holds, without reading all of it",
    arguments: [
      { name: "FILE", isRequired: false, does: "The bundle. Default: the only *.bundle.tar in this folder." },
    ],
    flags: ["json"],
    examples: [{ command: "skerry bundle inspect windpark.bundle.tar", does: "list images, packages and boot assets" }],
    load: async () => (await import("./commands/bundle-inspect.ts")).bundleInspect,
  },
  {
    words: ["package", "create"],
    summary: "Make a package from a folder with a zarf.yaml",
    description:
      "Pulls the images, packs charts, files and repositories, builds kustomizations with kubectl, runs the package's onCreate commands, and " +
      "writes zarf-package-NAME-ARCH-VERSION.tar.zst into --out. What will be pulled is shown by --dry-run. The same inputs give the same bytes.",
    arguments: [{ name: "DIR", isRequired: false, does: "The package's folder. Default: this folder." }],
    flags: [
      "dry-run",
      "out",
      "architecture",
      "flavor",
      "set",
      "registry-override",
      "differential",
      "max-package-size",
      "signing-key",
      "password-file",
      "skip-sbom",
      ...run,
    ],
    examples: [
      { command: "skerry package create packages/demo --out dist", does: "make it" },
      { command: "skerry package create --dry-run", does: "see what would be pulled and run" },
      {
        command: "skerry package create --registry-override docker.io=https://cache.example/v2",
        does: "pull Docker Hub's images from a cache",
      },
    ],
    load: async () => (await import("./commands/package-create.ts")).packageCreate,
  },
  {
    words: ["package", "find-images"],
    summary: "Find the images in a package's charts and manifests, and those not listed",
    description:
      "Renders charts and manifests as they would be deployed and lists the images in them, those that charts state, and texts that look like " +
      "images (maybe). Nothing of the package runs.",
    arguments: [{ name: "DIR", isRequired: false, does: "The package's folder. Default: this folder." }],
    flags: ["update", "architecture", "flavor", "set", "registry-override", "json", "timeout"],
    examples: [
      { command: "skerry package find-images packages/demo", does: "is everything listed?" },
      { command: "skerry package find-images --update", does: "list what is missing" },
    ],
    load: async () => (await import("./commands/package-find-images.ts")).packageFindImages,
  },
  {
    words: ["config", "render"],
    summary: "Show the machine configs that a site's nodes get",
    description: "Secrets are left out, unless --secrets writes them into a folder (--out).",
    arguments: [{ name: "NODE", isRequired: false, does: "Only this node. Default: all." }],
    flags: [...which, "bundle", "out", "secrets", "json"],
    examples: [
      { command: "skerry config render cp-1", does: "show the config of cp-1, without its secrets" },
      { command: "skerry config render --out configs --secrets", does: "write all of them, complete, 0600" },
    ],
    load: async () => (await import("./commands/config-render.ts")).configRender,
  },
  {
    words: ["up"],
    reachesNodes: true,
    summary: "Bring a site up: bare machines to a running cluster",
    description:
      "Looks at the machines, shows what it will do and asks, then does it. Run it again at any time: what is done is left alone, " +
      "so this is also how an interrupted run goes on.",
    arguments: [],
    flags: ["dry-run", "yes", ...which, "bundle", "identity", "until", ...run, "no-input", "concurrency"],
    examples: [
      { command: "skerry up --dry-run", does: "see what would be done, disks to be erased included" },
      { command: "skerry up", does: "bring up the site of this folder" },
      { command: "skerry up --rack demo --yes", does: "rehearse it on a rack" },
    ],
    load: async () => (await import("./commands/up.ts")).up,
  },
  {
    words: ["deploy"],
    reachesNodes: true,
    mayLackSite: true,
    summary: "Deploy a package, or bring it to another version",
    description:
      "Verifies the package, shows what it changes object by object and every command that it runs on this machine, and asks. Nothing of it runs " +
      "before. Run it again after an interruption: it goes on where it stopped, and where nothing has changed nothing is written. What an earlier " +
      "version brought and this one does not have is taken away. For a package of the site's bundle the bundle is served meanwhile.",
    arguments: [
      {
        name: "PACKAGE",
        isRequired: true,
        does: "A zarf-package file (or its .part000), a folder, oci://REGISTRY/NAME:VERSION, or the name of a package in the bundle.",
      },
    ],
    flags: [
      "dry-run",
      "yes",
      "kubeconfig",
      ...which,
      "bundle",
      "components",
      "set",
      "secrets-from",
      "identity",
      "values",
      "set-values",
      "namespace",
      "connected",
      "take-ownership",
      "force-conflicts",
      "no-prune",
      "ready-timeout",
      "key",
      "allow-unsigned",
      ...run,
      "no-input",
    ],
    examples: [
      { command: "skerry deploy zarf-package-shop-amd64-1.2.0.tar.zst --dry-run", does: "see what it would change" },
      { command: "skerry deploy shop --set DOMAIN=shop.example", does: "deploy a package of the site's bundle" },
      {
        command: "skerry deploy oci://registry.example/shop:1.2.0 --kubeconfig admin.conf --key shop.pub --yes",
        does: "into any cluster",
      },
    ],
    load: async () => (await import("./commands/deploy.ts")).deploy,
  },
  {
    words: ["remove"],
    reachesNodes: true,
    mayLackSite: true,
    summary: "Take a package out of a cluster, whoever deployed it",
    description:
      "Its components in reverse order: actions, then releases, then the record. Images, repositories, files, namespaces and kinds stay.",
    arguments: [
      {
        name: "PACKAGE",
        isRequired: true,
        does: "Name of a deployed package; or its file, for one that is recorded nowhere because it needs no cluster.",
      },
    ],
    flags: [
      "dry-run",
      "yes",
      "kubeconfig",
      ...which,
      "components",
      "set",
      "secrets-from",
      "identity",
      "namespace",
      "ready-timeout",
      "key",
      "allow-unsigned",
      ...run,
      "no-input",
    ],
    examples: [{ command: "skerry remove shop", does: "take the package shop away, after showing what goes" }],
    load: async () => (await import("./commands/remove.ts")).remove,
  },
  {
    words: ["package", "list"],
    reachesNodes: true,
    mayLackSite: true,
    summary: "Show the packages that are deployed in a cluster, by whichever tool",
    arguments: [],
    flags: ["kubeconfig", ...which, "json", "timeout"],
    examples: [{ command: "skerry package list --kubeconfig admin.conf", does: "what is deployed there" }],
    load: async () => (await import("./commands/package-list.ts")).packageList,
  },
  {
    words: ["package", "inspect"],
    summary: "Show what a package holds and what it would run, without deploying it",
    description:
      "VIEW is summary (default), definition, images, manifests, values-files, sbom, documentation, actions or digest. Manifests and values files " +
      "are shown with their templates filled in; sbom writes CycloneDX, SPDX and a page to read into the folder --out.",
    arguments: [
      {
        name: "PACKAGE",
        isRequired: true,
        does: "A zarf-package file, a folder, oci://REGISTRY/NAME:VERSION, or the name of a package in the site's bundle.",
      },
      { name: "VIEW", isRequired: false, does: "What to show. Default: summary." },
    ],
    flags: [
      "site",
      "rack",
      "state-dir",
      "bundle",
      "components",
      "set",
      "secrets-from",
      "identity",
      "values",
      "set-values",
      "namespace",
      "key",
      "out",
      "json",
      "timeout",
    ],
    examples: [
      {
        command: "skerry package inspect zarf-package-shop-amd64-1.2.0.tar.zst actions",
        does: "every command, before it may run",
      },
      {
        command: "skerry package inspect shop sbom --out sbom",
        does: "write the bill of materials of a package of the bundle",
      },
    ],
    load: async () => (await import("./commands/package-inspect.ts")).packageInspect,
  },
  {
    words: ["status"],
    reachesNodes: true,
    summary: "Show nodes, etcd and workloads of a site, and images that nodes cannot pull",
    arguments: [],
    flags: [...which, "bundle", "json", "timeout"],
    examples: [{ command: "skerry status --site windpark-7/site.yaml", does: "is everything as it should be?" }],
    load: async () => (await import("./commands/status.ts")).status,
  },
  {
    words: ["nodes", "list"],
    reachesNodes: true,
    summary: "Show the machines of a site and the stage each is in",
    arguments: [],
    flags: [...which, "json", "timeout"],
    examples: [{ command: "skerry nodes list", does: "which machines answer, and how far they are" }],
    load: async () => (await import("./commands/nodes-list.ts")).nodesList,
  },
  {
    words: ["nodes", "disks"],
    reachesNodes: true,
    summary: "Show the disks of a site's machines and which one will be erased",
    arguments: [{ name: "NODE", isRequired: false, does: "Only this node. Default: all." }],
    flags: [...which, "json", "timeout"],
    examples: [{ command: "skerry nodes disks cp-2", does: "find the serial number for site.yaml" }],
    load: async () => (await import("./commands/nodes-disks.ts")).nodesDisks,
  },
  {
    words: ["lab", "up"],
    summary: "Start a rack of simulated machines for a site",
    description:
      "The machines speak what real ones speak. Contained ones run a real containerd, kubelet and etcd in a network of their own, modelled ones " +
      "listen on loopback addresses. They run in the background until lab down; other commands find them with --rack NAME. A rack that is " +
      "there but stopped is started again as it was.",
    arguments: [{ name: "NAME", isRequired: false, does: "Name of the rack. Default: the site's name." }],
    flags: ["site", "interior", "fault", "no-kubernetes", "state-dir", "json", "timeout"],
    examples: [
      { command: "skerry lab up demo --site windpark-7/site.yaml", does: "rehearse windpark-7 as rack demo" },
      { command: "skerry lab up --fault dead=w-2", does: "with a worker that never answers" },
    ],
    load: async () => (await import("./commands/lab-up.ts")).labUp,
  },
  {
    words: ["lab", "down"],
    summary: "Stop a rack and remove its machines",
    description:
      "Works as well when the rack hangs or was killed, and can be repeated. With --all every rack of the state folder goes, and whatever of " +
      "earlier ones is still there; racks of other state folders are left alone.",
    arguments: [{ name: "NAME", isRequired: false, does: "Name of the rack. Needed without --all." }],
    flags: ["all", "state-dir", "json", "timeout"],
    examples: [
      { command: "skerry lab down demo", does: "stop the rack demo" },
      { command: "skerry lab down --all", does: "leave nothing of any rack" },
    ],
    load: async () => (await import("./commands/lab-down.ts")).labDown,
  },
  {
    words: ["lab", "list"],
    summary: "Show the racks of this machine",
    arguments: [],
    flags: ["state-dir", "json"],
    examples: [{ command: "skerry lab list", does: "which racks run" }],
    load: async () => (await import("./commands/lab-list.ts")).labList,
  },
  {
    words: ["lab", "fault"],
    summary: "Make machines or the network of a running rack misbehave",
    description:
      "Without FAULT it shows what is wrong with the network now. Faults of the network last until they are cleared; the others happen once or stay " +
      "for good.",
    arguments: [
      { name: "NAME", isRequired: true, does: "Name of the rack." },
      {
        name: "FAULT",
        isRequired: false,
        isRepeated: true,
        does: "KIND=NODE[:HOW], e.g. loss=w-1:20; with --clear KIND, KIND=NODE or nothing.",
      },
    ],
    flags: ["clear", "state-dir", "json", "timeout"],
    examples: [
      { command: "skerry lab fault demo unplug=laptop", does: "pull the laptop's cable" },
      {
        command: "skerry lab fault demo partition=cp-1 loss=w-1:20",
        does: "cut cp-1 off, and lose a fifth of what w-1 hears and says",
      },
      { command: "skerry lab fault demo --clear", does: "mend the network" },
    ],
    load: async () => (await import("./commands/lab-fault.ts")).labFault,
  },
  {
    words: ["lab", "exec"],
    summary: "Run a command on the laptop of a rack",
    description:
      "The command runs in the network of the rack's laptop, with KUBECONFIG and TALOSCONFIG of the rack where it has them. It takes the place of " +
      "this process: its streams, signals and exit code are its own.",
    arguments: [
      { name: "NAME", isRequired: true, does: "Name of the rack." },
      { name: "COMMAND", isRequired: true, isRepeated: true, does: "The command and its arguments, after --." },
    ],
    flags: ["state-dir"],
    examples: [
      { command: "skerry lab exec demo -- kubectl get pods -A", does: "look at the cluster of the rack demo" },
      { command: "skerry lab exec demo -- bash", does: "a shell in its network" },
    ],
    load: async () => (await import("./commands/lab-exec.ts")).labExec,
  },
  {
    words: ["lab", "delay"],
    summary: "The process that delays a machine's packets",
    arguments: [],
    flags: [],
    examples: [],
    isHidden: true,
    load: async () => (await import("./commands/lab-delay.ts")).labDelay,
  },
  {
    words: ["lab", "machine"],
    summary: "The process behind a machine of a contained rack",
    arguments: [],
    flags: [],
    examples: [],
    isHidden: true,
    load: async () => (await import("./commands/lab-machine.ts")).labMachine,
  },
  {
    words: ["lab", "supervise"],
    summary: "The process behind a rack",
    arguments: [],
    flags: [],
    examples: [],
    isHidden: true,
    load: async () => (await import("./commands/lab-supervise.ts")).labSupervise,
  },
  {
    words: ["doctor"],
    summary: "Show what this machine can rehearse and what it lacks",
    description:
      "Looks at programs, kernel, memory, disk and what crashed racks left, and changes nothing. Ends with 0 where a rack of either interior is " +
      "possible, with --interior where that one is, and else with 7.",
    arguments: [],
    flags: ["interior", "state-dir", "json", "timeout"],
    examples: [
      { command: "skerry doctor", does: "before the first rack" },
      { command: "skerry doctor --interior contained --quiet", does: "for scripts: the exit code tells" },
    ],
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
  {
    words: ["rehearse", "up"],
    summary: "Rehearse bringing a site up, with faults, in memory and virtual time",
    description:
      "Runs the very same up against simulated machines made from site.yaml, and reports what would have happened: when, how long, which " +
      "nodes would have been left out, with which exit code. The same seed, site and bundle give the same report. Nothing of the site is " +
      "dialled, read or written but site.yaml, its patches and the bundle. Ends with up's own exit code, with --runs the worst.",
    arguments: [],
    flags: ["site", "bundle", "seed", "faults", "fault", "runs", "json", "concurrency", "timeout"],
    examples: [
      { command: "skerry rehearse up", does: "with one or two faults, drawn by seed 1" },
      {
        command: "skerry rehearse up --faults many --runs 50",
        does: "fifty seeds in a table, and the worst ends in full",
      },
      { command: "skerry rehearse up --fault lose-power=cp-2:booting", does: "with this fault" },
    ],
    load: async () => (await import("./commands/rehearse-up.ts")).rehearseUp,
  },
  {
    words: ["tools", "wait-for"],
    summary: "What stands in for zarf tools wait-for in commands of packages",
    arguments: [],
    flags: [],
    examples: [],
    isHidden: true,
    load: async () => (await import("./commands/tools-wait-for.ts")).toolsWaitFor,
  },
  {
    words: ["mirror", "serve"],
    reachesNodes: true,
    summary: "Serve a bundle as a registry until Ctrl-C",
    arguments: [],
    flags: [...which, "bundle", "timeout"],
    examples: [
      { command: "skerry mirror serve", does: "keep images available after up, until the site has its own registry" },
    ],
    load: async () => (await import("./commands/mirror-serve.ts")).mirrorServe,
  },
  {
    words: ["version"],
    summary: "Show the version",
    arguments: [],
    flags: ["json"],
    examples: [{ command: "skerry version --json", does: "for scripts and reports" }],
    load: async () => (await import("./commands/version.ts")).version,
  },
  {
    words: ["completion"],
    summary: "Print a completion script for a shell",
    arguments: [{ name: "SHELL", isRequired: true, does: "bash, zsh or fish." }],
    flags: [],
    examples: [
      { command: "source <(skerry completion bash)", does: "for this shell" },
      { command: "skerry completion fish > ~/.config/fish/completions/skerry.fish", does: "for all to come" },
    ],
    load: async () => (await import("./commands/completion.ts")).completionOf(commands),
  },
];
