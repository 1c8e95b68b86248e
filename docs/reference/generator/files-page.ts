import { codeBlock, page, table } from "./markdown.ts";

/** files.md: hand-written; what is fixed between rooms is in decision 0001. */
export function filesPage(): string {
  return page("Files", "docs/reference/generator/files-page.ts", [
    "Everything that Skerry writes, and where, besides what `--out` names. Nothing else on the laptop is touched.",
    "## Beside site.yaml",
    table(
      ["file", "what it is"],
      [
        [
          "`site.yaml`, `bundle.yaml`",
          "what a person writes ([site](site.md), [bundle](bundle.md)); `skerry init` makes the first ones and never replaces a file",
        ],
        [
          "`secrets.yaml`",
          "the cluster's secrets in the form that `talosctl gen secrets` writes and reads; mode 0600, made once, never replaced",
        ],
        [
          "`site-secrets.yaml`",
          "certificate and key of the site's own CA, which signs the laptop mirror's certificate; mode 0600, made once, never replaced",
        ],
        ["`NAME.bundle.tar`", "the bundle, beside `bundle.yaml` unless `--out` says otherwise"],
        [
          "`NAME.bundle.tar.partial`, `.partial.json`, `.lock`",
          "the bundle while it is made, what of it is verified, and who makes it; the next `bundle create` goes on from there",
        ],
      ],
    ),
    "Without the two secrets files a running cluster cannot be reached again. Keep copies of them, apart from the laptop.",
    ...stateFolder,
    ...cacheFolder,
    ...bundleFile,
  ]);
}

const stateFolder: readonly string[] = [
  "## The state folder",
  "`--state-dir`, else `$XDG_STATE_HOME/skerry`, else `~/.local/state/skerry`. A site's folder is `sites/NAME/`; that of a site in a rack is `racks/NAME/state/` and goes with the rack.",
  table(
    ["file", "what it is"],
    [
      [
        "`journal.jsonl`",
        "one line per finished step: time, run, step, digest of its inputs, outcome. It explains and speeds up; what is done is always decided by looking",
      ],
      [
        "`lock.json`",
        "who works on the site now: holder, host, process, run, start, heartbeat. Taken over by itself when its process is gone or the heartbeat is older than a minute",
      ],
      [
        "`events.ndjson`",
        "[events](events.md) of all runs; beyond 64 MiB it is begun anew and the one before is kept as `events.ndjson.1`",
      ],
      ["`mirror.log`", "one JSON line per request to the laptop mirror: client, image, status, bytes"],
      ["`kubeconfig`, `talosconfig`", "for kubectl and talosctl, mode 0600"],
    ],
  ),
  "A rack's folder is `racks/NAME/`:",
  table(
    ["file", "what it is"],
    [
      ["`rack.json`", "what the rack is and which site.yaml it was made from"],
      ["`site/`", "the rack's own `site.yaml`, with addresses on loopback, and its secrets"],
      ["`control.sock`", "the supervisor's socket, newline-delimited JSON"],
      ["`processes.ndjson`", "processes that the supervisor started, so that none is left behind"],
      ["`supervisor.log`", "what the supervisor and its processes said"],
      ["`nodes/`, `store/`", "disks and pulled content of the simulated machines"],
    ],
  ),
];

const cacheFolder: readonly string[] = [
  "## The cache folder",
  "`$XDG_CACHE_HOME/skerry`, else `~/.cache/skerry`. `parts/NAME/KEY/` holds the real programs that tests and rehearsals run, each by the digest of what it was made from. It may be removed at any time; it is made again when needed.",
];

const bundleFile: readonly string[] = [
  "## The bundle file",
  "A plain tar (ustar, sizes beyond 8 GiB in base 256) with an [OCI image layout](https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md) inside. The same content gives the same bytes: time, user and group are 0, the mode is 0644, blobs lie in the order in which they are first mentioned.",
  codeBlock("", [
    "oci-layout",
    "index.json",
    "signature.json          absent where the bundle is not signed",
    "blobs/sha256/<hex>      each blob once",
  ]),
  "`index.json` is canonical JSON (sorted keys, no spaces). Its annotation `dev.skerry.format` is the version of the format, `dev.skerry.blob-section-bytes` the bytes from the first blob's header to the end, so that a cut file knows what it lacks. Its descriptors:",
  table(
    ["descriptor", "how it is told apart"],
    [
      [
        "image (manifest or index)",
        "annotation `org.opencontainers.image.ref.name`: the full reference, e.g. `docker.io/library/registry:3`",
      ],
      [
        "package, in Zarf's published-OCI form",
        "artifactType `application/vnd.zarf.config.v1+json`, annotation `dev.skerry.package`: its name",
      ],
      ["definition: `bundle.yaml` as checked JSON", "artifactType `application/vnd.skerry.definition.v1+json`"],
      [
        "closure: every image with its digest and why it is there, packages, assets",
        "artifactType `application/vnd.skerry.closure.v1+json`",
      ],
      ["boot assets, one layer per file, titles as names", "artifactType `application/vnd.skerry.assets.v1`"],
    ],
  ),
  "`signature.json` is `{algorithm, keyId, signature}`: a detached signature over the bytes of `index.json`, `ed25519` or `ecdsa-p256-sha256`, in base64; `keyId` is the digest of the public key. The index names the closure by digest and the closure names every image by digest, so the signature covers them all.",
];
