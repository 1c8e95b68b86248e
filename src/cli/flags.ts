/** Every flag there is. A flag means the same on every command that has it. */
export interface Flags {
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly debug: boolean;
  readonly json: boolean;
  readonly events: boolean;
  /** False with --no-input. */
  readonly input: boolean;
  /** False with --no-color. */
  readonly color: boolean;
  readonly secrets: boolean;
  /** False with --no-kubernetes. */
  readonly kubernetes: boolean;
  readonly timeoutMs?: number;
  readonly concurrency?: number;
  readonly stateDir?: string;
  readonly site?: string;
  readonly rack?: string;
  readonly bundle?: string;
  readonly until?: string;
  readonly out?: string;
  readonly key: readonly string[];
  readonly fault: readonly string[];
  readonly faults?: string;
  readonly seed?: number;
  readonly runs?: number;
  readonly interior?: string;
  readonly all: boolean;
  readonly clear: boolean;
  readonly registryOverride: readonly string[];
  readonly set: readonly string[];
  readonly architecture?: string;
  readonly flavor?: string;
  readonly differential?: string;
  readonly maxPackageSize?: string;
  readonly signingKey?: string;
  readonly passwordFile?: string;
  readonly skipSbom: boolean;
  readonly update: boolean;
  readonly kubeconfig?: string;
  /** As given: names and globs with commas between. */
  readonly components?: string;
  readonly setValues: readonly string[];
  readonly values: readonly string[];
  readonly secretsFrom?: string;
  readonly identity?: string;
  readonly namespace?: string;
  readonly connected: boolean;
  readonly takeOwnership: boolean;
  readonly forceConflicts: boolean;
  readonly allowUnsigned: boolean;
  /** False with --no-prune. */
  readonly prune: boolean;
  readonly readyTimeoutMs?: number;
}

export interface FlagSpec {
  /** Long name without dashes; --no-x is written as "no-x". */
  readonly name: string;
  readonly short?: string;
  /** Name of its value; absent: it takes none. */
  readonly value?: string;
  readonly isRepeatable?: boolean;
  /** For completion: what the value is. */
  readonly completes?: "file" | "folder";
  readonly does: string;
}

export const flagTable = {
  "dry-run": { name: "dry-run", short: "n", does: "Print the plan and change nothing." },
  yes: { name: "yes", short: "y", does: "Do not ask before anything is changed." },
  json: { name: "json", does: "Print one JSON document on stdout at the end." },
  events: { name: "events", does: "Print every event as a line of JSON on stdout." },
  "no-input": { name: "no-input", does: "Never ask; fail where an answer would be needed." },
  timeout: { name: "timeout", value: "DURATION", does: "Stop after this long, e.g. 45m or 1h30m. Default: no limit." },
  concurrency: { name: "concurrency", value: "N", does: "Nodes or downloads worked on at once. Default 8." },
  "state-dir": {
    name: "state-dir",
    value: "DIR",
    completes: "folder",
    does: "Where runs are remembered. Default $XDG_STATE_HOME/skerry or ~/.local/state/skerry.",
  },
  site: { name: "site", value: "FILE", completes: "file", does: "The site. Default ./site.yaml." },
  rack: { name: "rack", value: "NAME", does: "A rehearsal rack instead of a site." },
  bundle: {
    name: "bundle",
    value: "FILE",
    completes: "file",
    does: "The bundle. Default: the only *.bundle.tar beside the site.",
  },
  until: { name: "until", value: "PHASE", does: "End after this phase." },
  out: { name: "out", value: "PATH", completes: "file", does: "Where to write. Default: see above." },
  key: {
    name: "key",
    value: "FILE",
    isRepeatable: true,
    completes: "file",
    does: "Public key that may have signed the bundle or package; can be given more than once.",
  },
  secrets: { name: "secrets", does: "Write secrets too (needs --out; files are readable by you only)." },
  fault: {
    name: "fault",
    value: "KIND=NODE[:HOW]",
    isRepeatable: true,
    does: "Make a machine misbehave, e.g. dead=w-1 or lose-power=cp-1:installing; can be given more than once.",
  },
  faults: {
    name: "faults",
    value: "LEVEL",
    does: "How many faults the seed draws: none, few (one or two) or many (every third machine). Default few.",
  },
  seed: { name: "seed", value: "N", does: "What faults and timings are drawn from. Default 1." },
  runs: { name: "runs", value: "N", does: "Rehearse so many seeds, from --seed on. Default 1." },
  interior: {
    name: "interior",
    value: "KIND",
    does: "contained (Linux, root) or modelled machines. Default: $SKERRY_LAB_INTERIOR, else contained where possible.",
  },
  all: { name: "all", does: "All of them, and what earlier crashes left." },
  clear: { name: "clear", does: "End these faults, or all of them." },
  "no-kubernetes": {
    name: "no-kubernetes",
    does: "Machines that install and boot but run no Kubernetes: hundreds fit. For up --until install.",
  },
  "registry-override": {
    name: "registry-override",
    value: "HOST=URL",
    isRepeatable: true,
    does: "Fetch what belongs to HOST from URL; what is made does not remember it. Can be given more than once.",
  },
  set: {
    name: "set",
    value: "NAME=VALUE",
    isRepeatable: true,
    does: "Value of a template or variable of the package, never of a sensitive one; can be given more than once.",
  },
  architecture: {
    name: "architecture",
    short: "a",
    value: "ARCH",
    does: "Of machines that a package is for, where it does not say it. Default amd64.",
  },
  flavor: { name: "flavor", value: "NAME", does: "Take the components of this flavor too." },
  differential: {
    name: "differential",
    value: "FILE",
    completes: "file",
    does: "Leave out images and pinned repositories that this older package brings.",
  },
  "max-package-size": {
    name: "max-package-size",
    value: "MB",
    does: "Split the package into parts of so many megabytes. Default: one file.",
  },
  "signing-key": {
    name: "signing-key",
    value: "FILE",
    completes: "file",
    does: "Sign with this private key, as cosign writes it.",
  },
  "password-file": {
    name: "password-file",
    value: "FILE",
    completes: "file",
    does: "Holds the password of the key. Default: an empty password.",
  },
  "skip-sbom": { name: "skip-sbom", does: "Taken for scripts written for Zarf; no SBOM is made anyway." },
  update: { name: "update", does: "Add the images that are not listed to the zarf.yaml, comments and order kept." },
  kubeconfig: {
    name: "kubeconfig",
    value: "FILE",
    completes: "file",
    does: "The cluster. Default: that of the site.",
  },
  components: {
    name: "components",
    value: "LIST",
    does: "Optional components, by name or glob with commas between; a leading - leaves out.",
  },
  "set-values": {
    name: "set-values",
    value: "PATH=VALUE",
    isRepeatable: true,
    does: "Package value at a dotted path; can be given more than once.",
  },
  values: {
    name: "values",
    value: "FILE",
    isRepeatable: true,
    completes: "file",
    does: "File with package values, later ones over earlier ones; can be given more than once.",
  },
  "secrets-from": {
    name: "secrets-from",
    value: "FILE",
    completes: "file",
    does: "File with values of sensitive variables (YAML, 0600), or encrypted with age (.age).",
  },
  identity: {
    name: "identity",
    value: "FILE",
    completes: "file",
    does: "Key that opens secrets encrypted with age. Default: the file that $SKERRY_IDENTITY names.",
  },
  namespace: {
    name: "namespace",
    value: "NAME",
    does: "Put the package into this namespace instead of its own, where it uses exactly one.",
  },
  connected: {
    name: "connected",
    does: "Images and repositories keep their names and are not pushed, although the cluster has a registry.",
  },
  "take-ownership": { name: "take-ownership", does: "Adopt objects and namespaces that belong to others." },
  "force-conflicts": { name: "force-conflicts", does: "Take over fields that other managers have set." },
  "allow-unsigned": { name: "allow-unsigned", does: "Take a package for which no signature vouches." },
  "no-prune": { name: "no-prune", does: "Leave what an earlier version brought and this one does not have." },
  "ready-timeout": {
    name: "ready-timeout",
    value: "DURATION",
    does: "How long each release may take to become ready, e.g. 5m. Default 15m.",
  },
  quiet: { name: "quiet", short: "q", does: "Say only what went wrong, and the result." },
  verbose: { name: "verbose", short: "v", does: "Say more about what is done." },
  debug: { name: "debug", short: "d", does: "Show causes and stacks of errors." },
  "no-color": { name: "no-color", does: "No colour, also where the terminal has it." },
} as const satisfies Readonly<Record<string, FlagSpec>>;

export type FlagName = keyof typeof flagTable;

/** Flags that every command has. */
export const commonFlags: readonly FlagName[] = ["quiet", "verbose", "debug", "no-color"];
