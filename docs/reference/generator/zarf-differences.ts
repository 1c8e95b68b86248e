/** One thing that Skerry does otherwise than real Zarf v0.84.0, on purpose. */
export interface ZarfDifference {
  /** The tests that compare with real Zarf name it by this. */
  readonly id: string;
  readonly about: "cluster" | "refusal" | "file";
  readonly zarf: string;
  readonly skerry: string;
  readonly why: string;
}

/**
 * Every difference that the comparison with recordings of real Zarf finds (test/real/zarf-recordings.test.ts). One that is not here
 * fails it, and so does one that is here and no longer found.
 */
export const zarfDifferences = [
  {
    id: "idle-revision",
    about: "cluster",
    zarf: "A deployment of what is deployed already adds a revision to every release and raises `generation` and `observedGeneration`.",
    skerry:
      "No revision is added where the release and its live objects are as they would be; the counts rise for components of which something changed.",
    why: "The history keeps what changed, a redeploy writes nothing, and `helm rollback` goes back to something that differs.",
  },
  {
    id: "cli-version",
    about: "cluster",
    zarf: "The record of a package names the version of Zarf in `cliVersion`.",
    skerry: "It says `skerry`.",
    why: "Who deployed last can be seen; Zarf shows the field and decides nothing by it.",
  },
  {
    id: "template-names",
    about: "cluster",
    zarf: "Releases of manifests carry the path of a temporary folder in names of templates and in `# Source:` lines, other ones with each deployment.",
    skerry: "Names begin at `manifests/`.",
    why: "The same release is the same text, so that a redeploy can be told from a change.",
  },
  {
    id: "differential-count",
    about: "cluster",
    zarf: "Deploying a differential package sets `generation` back to 1.",
    skerry: "It goes on counting.",
    why: "A count that only rises says which of two records is newer.",
  },
  {
    id: "unfinished-inputs",
    about: "cluster",
    zarf: "Nothing marks a deployment that was interrupted or failed but the status of the component.",
    skerry:
      "The record has the annotation `skerry.dev/unfinished-inputs`, a digest of what the deployment was given, until one succeeds.",
    why: "The next run with the same inputs goes on where this one stopped; Zarf passes over the annotation.",
  },
  {
    id: "written-waits",
    about: "cluster",
    zarf: "The definition in the record has variables of `wait` actions replaced by their values.",
    skerry: "It is the definition of the package.",
    why: "What is recorded is what was signed; `remove` and the next deployment resolve variables anew.",
  },
  {
    id: "namespace-note",
    about: "cluster",
    zarf: "Namespaces that a package declares keep Helm's annotation `postrenderer.helm.sh/postrender-filename` with a temporary path.",
    skerry: "They do not get it.",
    why: "It is a note of Helm to itself.",
  },
  {
    id: "no-registry",
    about: "refusal",
    zarf: "A package with charts or images is refused in a cluster without Zarf's state unless `--connected` is given.",
    skerry: "It is deployed: images keep their names, and the record says `connected`.",
    why: "On Talos the nodes' mirrors bring images by their own names; a cluster need not have been initialised.",
  },
  {
    id: "unknown-variable",
    about: "refusal",
    zarf: "A variable that the package does not declare is passed over.",
    skerry: "One that was given on the command line for this package is refused, with the names that there are.",
    why: "It is a typing error.",
  },
  {
    id: "values-schema",
    about: "refusal",
    zarf: "`--skip-values-schema-validation` deploys values that the package's schema forbids.",
    skerry: "There is no such flag.",
    why: "The schema is the author's promise of what works.",
  },
  {
    id: "relative-links",
    about: "file",
    zarf: "A relative `symlinks` entry gets the target as it is written, which leads nowhere from another folder.",
    skerry: "The link is made so that it leads to the file.",
    why: "That is what it is for.",
  },
  {
    id: "long-lines",
    about: "file",
    zarf: "From a line longer than 1 MiB on, a file with templates is cut off.",
    skerry: "The whole file is written.",
    why: "Losing the rest of a file silently helps nobody.",
  },
  {
    id: "refused-before",
    about: "cluster",
    zarf: "A release that the API server refuses, because another manager owns a field, leaves a revision that failed, and after an upgrade one that failed to roll back.",
    skerry: "The server is asked by dry run first; nothing is recorded, and nothing changed.",
    why: "What cannot be applied is known before the first write.",
  },
  {
    id: "rollback-of-nothing",
    about: "cluster",
    zarf: "After a template failure, which made no revision, the newest revision is rolled back to itself and a revision added.",
    skerry: "Nothing is rolled back.",
    why: "Nothing was changed.",
  },
  {
    id: "rollback-revision",
    about: "cluster",
    zarf: "A rollback is told by its description alone.",
    skerry: "`info.rollback_revision` names the revision too, as Helm 4.3 does.",
    why: "Skerry records releases as [Helm 4.3.1](https://github.com/helm/helm/tree/v4.3.1) does; Zarf v0.84.0 is built with an older one.",
  },
  {
    id: "failure-words",
    about: "cluster",
    zarf: "The description of a revision that failed ends with Go's error, `context deadline exceeded` where something did not get ready.",
    skerry: "It ends with what failed: which object is not ready, and why.",
    why: "`helm history` shows it to people.",
  },
  {
    id: "pruned",
    about: "cluster",
    zarf: "Charts and manifests that a newer version of a package does not have stay, and after some deployments nothing knows of them.",
    skerry: "They are uninstalled at the end of the deployment; `--no-prune` keeps them, and they stay recorded.",
    why: "A deployment ends with what the package says. The plan shows what goes.",
  },
  {
    id: "values-scan",
    about: "refusal",
    zarf: "Templates are scanned for values that nobody defined before anything is done; the scan reads some expressions wrongly and misses others.",
    skerry: "An undefined value is an error of the template where it is used, with its file and line.",
    why: "Only the template engine knows what an expression asks for.",
  },
] as const satisfies readonly ZarfDifference[];

export type ZarfDifferenceId = (typeof zarfDifferences)[number]["id"];

/** What no recording shows: the comparison makes up for it. Zarf, Skerry, because. */
export const otherDifferences: readonly (readonly [string, string, string])[] = [
  [
    "Sensitive variables are taken from flags and the environment.",
    "They are taken from files alone: `--secrets-from`, `secretsFrom` in site.yaml.",
    "Flags and environments can be read by others.",
  ],
  [
    "An unsigned package is deployed with a warning.",
    "It needs `--allow-unsigned` or a site whose policy says so; a package in a bundle is covered by the bundle's signature.",
    "What runs commands on your laptop should be vouched for.",
  ],
  [
    "`maxTotalSeconds` ends the shell of an action, and waits for what the shell started.",
    "The whole process group is ended.",
    "A limit of two seconds is over after two seconds.",
  ],
  [
    "Package names with capitals or beyond 63 characters, and unknown kinds, are deployed in part.",
    "They are refused before anything is written.",
    "Half of a deployment can neither be seen nor removed.",
  ],
  [
    "The text of a manifest in a release record is written by Go's YAML printer.",
    "It is written by another one; the objects are the same.",
    "Helm reads objects, not text.",
  ],
  [
    "Two deployments of one package at a time write over each other.",
    "A Lease in the namespace `zarf` keeps them apart, and is gone when nobody deploys.",
    "The second one says who is at it.",
  ],
];
