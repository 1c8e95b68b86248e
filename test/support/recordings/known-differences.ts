import path from "node:path";
import type { ZarfDifferenceId } from "../../../docs/reference/generator/zarf-differences.ts";
import { at } from "./canonical.ts";
import type { Difference } from "./differences.ts";
import { withoutNeedlessRevisions } from "./releases.ts";
import type { ClusterState, Json, JsonObject } from "./state.ts";
import type { ListedFile } from "./work-folder.ts";

export interface Place {
  /** `deploy-connected/files` */
  readonly recording: string;
  /** Of the step. */
  readonly label: string;
}

/** What a difference of the reference page is where it is met: a recorded object as ours would be, or a field that may differ. */
interface Known {
  /** The object as ours is, or the same object. */
  readonly translate?: (object: JsonObject) => JsonObject;
  readonly isMet?: (difference: Difference, place: Place) => boolean;
  /** Steps that one of the two refuses: everything that follows from that is this difference. */
  readonly steps?: readonly string[];
}

const isRelease = (object: JsonObject): boolean => object["type"] === "helm.sh/release.v1";
const isRecord = (object: JsonObject): boolean =>
  String(at(object, "metadata", "name")).startsWith("zarf-package-") && object["kind"] === "Secret";

/** The object with another value at a path that it has. */
function withAt(value: Json, path: readonly string[], change: (now: Json) => Json): Json {
  const [key, ...rest] = path;
  if (key === undefined) return change(value);
  const object = value as JsonObject;
  return object?.[key] === undefined ? value : { ...object, [key]: withAt(object[key], rest, change) };
}

const release = ["data", "release", "value"] as const;

const known: Readonly<Partial<Record<ZarfDifferenceId, Known>>> = {
  "cli-version": {
    translate: (object) =>
      isRecord(object)
        ? (withAt(object, ["data", "data", "$decoded", "cliVersion"], () => "skerry") as JsonObject)
        : object,
  },
  "template-names": { translate: (object) => (isRelease(object) ? withoutTemporaryFolder(object) : object) },
  "idle-revision": {
    isMet: ({ object, path, recorded, ours }) => isCount(object, path) && Number(ours) < Number(recorded),
  },
  "differential-count": {
    isMet: ({ object, path }, { recording }) => recording.includes("/differential-") && isCount(object, path),
  },
  "unfinished-inputs": {
    isMet: ({ object, path, recorded, ours }) =>
      object.startsWith("Secret.v1/zarf/zarf-package-") &&
      path === "metadata.annotations" &&
      recorded === undefined &&
      Object.keys(ours as JsonObject).join() === "skerry.dev/unfinished-inputs",
  },
  "written-waits": {
    isMet: ({ path, ours }) => /\.components\.\d+\.actions\..*\.wait\./.test(path) && String(ours).includes("${ZARF_"),
  },
  "namespace-note": {
    translate: (object) => {
      const note = at(object, "metadata", "annotations", "postrenderer.helm.sh/postrender-filename");
      if (object["kind"] !== "Namespace" || note === undefined) return object;
      const { annotations: _, ...metadata } = object["metadata"] as JsonObject;
      return { ...object, metadata };
    },
  },
  "failure-words": {
    isMet: ({ path, recorded, ours }) =>
      path.endsWith("value.info.description") &&
      failureOf(recorded) !== undefined &&
      failureOf(recorded) === failureOf(ours),
  },
  "rollback-revision": {
    isMet: ({ path, recorded }) => path.endsWith("value.info.rollback_revision") && recorded === undefined,
  },
  pruned: {
    isMet: ({ object, path, ours }, { recording }) =>
      recording.endsWith("/upgrade-1.0.0") &&
      ((ours === undefined && path === "" && dropped.test(object)) ||
        /\.(installedCharts|deployedComponents|data\.components)$/.test(path)),
  },
  "values-scan": { steps: ["all of them set"] },
  "no-registry": {
    steps: [
      "deploy images without an initialised cluster and without --connected",
      "deploy without an initialised cluster",
      "deploy image package",
    ],
  },
  "unknown-variable": { steps: ["unknown variable"] },
  "values-schema": { steps: ["schema violation skipped"] },
};

/** `Upgrade "c" failed`: what failed, without the words for why. */
const failureOf = (description: Json | undefined): string | undefined =>
  /^\w+ "[^"]+" failed(?=: )/.exec(String(description))?.[0];

/** Objects and releases that only one of the two versions of the package `upgrade` has. */
const dropped =
  /\/(up-gone\/b|up-added\/b|up-ns\/b|up-(gone|added|ns)\/sh\.helm\.release\.v1\.zarf-(7a53|e62b|fc34)\w+\.v\d+)$/;

const isCount = (object: string, path: string): boolean =>
  object.startsWith("Secret.v1/zarf/zarf-package-") && /(^|\.)(generation|observedGeneration)$/.test(path);

/** Zarf's temporary folder is part of a template's name and of the `# Source:` lines; the file after post-rendering has one of its own. */
function withoutTemporaryFolder(object: JsonObject): JsonObject {
  const shorter = (text: Json): Json => String(text).replace(/<tmp>\/(?=manifests\/)/, "");
  const named = withAt(object, [...release, "chart", "templates"], (templates) =>
    ((templates ?? []) as readonly JsonObject[]).map((file) => ({ ...file, name: shorter(file["name"] ?? "") })),
  );
  const documents = (list: Json): Json =>
    (list as readonly JsonObject[]).map((document) => ({
      ...document,
      comments: (document["comments"] as readonly string[])
        .filter((line) => !/^# Source: <tmp>\/[^/]+\.yaml$/.test(line))
        .map((line) => line.replace("<tmp>/manifests/", "/manifests/")),
    }));
  const hooks = withAt(named, [...release, "hooks"], (list) =>
    ((list ?? []) as readonly JsonObject[]).map((hook) => withAt(hook, ["manifest"], documents)),
  );
  return withAt(hooks, [...release, "manifest"], documents) as JsonObject;
}

/** How a recorded file lies with us, or the same file. */
const files: Readonly<Partial<Record<ZarfDifferenceId, (file: ListedFile) => ListedFile>>> = {
  "relative-links": (file) =>
    file.symlink === undefined || file.symlink === path.basename(file.symlink)
      ? file
      : { ...file, symlink: path.relative(path.dirname(file.path), file.symlink) },
  // Only that the rest is there is compared: how long the line is depends on the variable in it.
  "long-lines": (file) => (file.path.endsWith("/long.txt") ? withoutContent(file) : file),
};

const withoutContent = ({ size: _, sha256: __, ...file }: ListedFile): ListedFile => file;

/** Recorded files as they lie with us, and ours where the content is known to be another one. */
export function filesAsOurs(listing: {
  readonly recorded: readonly ListedFile[];
  readonly ours: readonly ListedFile[];
}): typeof listing {
  const each = (file: ListedFile): ListedFile => {
    let now = file;
    for (const [id, change] of Object.entries(files) as [ZarfDifferenceId, (file: ListedFile) => ListedFile][]) {
      const next = change(now);
      if (JSON.stringify(next) !== JSON.stringify(now)) used.add(id);
      now = next;
    }
    return now;
  };
  return {
    recorded: listing.recorded.map(each),
    ours: listing.ours.map((file) => files["long-lines"]?.(file) ?? file),
  };
}

const used = new Set<ZarfDifferenceId>();

/** Ids of the differences that were met so far. */
export const metDifferences = (): ReadonlySet<ZarfDifferenceId> => used;

/** A recorded state as ours would be, as far as the difference is one of every object of its kind. */
export function asOurs(recorded: ClusterState): ClusterState {
  return new Map([...recorded].map(([key, object]) => [key, translated(object)]));
}

function translated(object: JsonObject): JsonObject {
  let now = object;
  for (const [id, { translate }] of Object.entries(known) as [ZarfDifferenceId, Known][]) {
    const next = translate?.(now) ?? now;
    if (JSON.stringify(next) !== JSON.stringify(now)) used.add(id);
    now = next;
  }
  return now;
}

/** The differences of the reference page that this one is; none: nobody has given a reason for it. */
export function reasonsOf(difference: Difference, place: Place): readonly ZarfDifferenceId[] {
  const all = Object.entries(known) as [ZarfDifferenceId, Known][];
  const ids = all
    .filter(([, { isMet, steps }]) => isMet?.(difference, place) === true || steps?.includes(place.label) === true)
    .map(([id]) => id);
  for (const id of ids) used.add(id);
  return ids;
}

/** A recorded state without the revisions of releases that we do not make. */
export function withoutNeedless(recorded: ClusterState): ClusterState {
  const { state, reasons } = withoutNeedlessRevisions(recorded);
  for (const reason of reasons) used.add(reason);
  return state;
}

/** Why one of the two does not do this step. */
export function refusalReasons({ label }: Place): readonly ZarfDifferenceId[] {
  const all = Object.entries(known) as [ZarfDifferenceId, Known][];
  const ids = all.filter(([, { steps }]) => steps?.includes(label) === true).map(([id]) => id);
  for (const id of ids) used.add(id);
  return ids;
}
