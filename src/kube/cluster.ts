import { systemClock } from "../lib/clock.ts";
import { isOperatorError, OperatorError } from "../lib/errors/index.ts";
import type { ApiResource } from "./api/api-resource.ts";
import { createDiscovery, groupPath } from "./api/discovery.ts";
import { jsonLines } from "./api/json-lines.ts";
import type { ServedResource } from "./api/served-resources.ts";
import type { Doing } from "./api/status-error.ts";
import { type ApiExchange, createTransport, transportOver } from "./api/transport.ts";
import { transportError } from "./api/transport-error.ts";
import { type ClusterAccess, readKubeconfig } from "./kubeconfig.ts";
import { type KindRef, type KubeObject, type ObjectRef, objectName, record, records, refOf } from "./objects.ts";
import { type Listing, listWatch, type WatchEvent } from "./watch.ts";

/** Who we are to the API server where the caller does not say otherwise. */
const ownFieldManager = "skerry";
const patchTypes = { merge: "application/merge-patch+json", json: "application/json-patch+json" } as const;
const listPageSize = 500;
/** The server ends a watch after this time; ours goes on with the next one. */
const watchSeconds = 1800;

interface Call {
  readonly signal: AbortSignal;
}

export interface Selection extends KindRef {
  /** Default: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  /** `spec.nodeName=w-1` */
  readonly fieldSelector?: string;
}

export interface WriteOptions extends Call {
  /** Who the server remembers as the owner of the fields; default "skerry". */
  readonly fieldManager?: string;
  /** Validate, default and admit, write nothing; default false. */
  readonly dryRun?: boolean;
}

export interface ApplyOptions extends WriteOptions {
  /** Take over fields that others own; default false: KUBE_CONFLICT. */
  readonly force?: boolean;
}

export interface PatchOptions extends WriteOptions {
  /** RFC 7396 (merge) or RFC 6902 (json). */
  readonly type: "merge" | "json";
}

export interface DeleteOptions extends Call {
  readonly gracePeriodSeconds?: number;
  /** What becomes of dependents; default "Background". */
  readonly propagation?: "Background" | "Foreground" | "Orphan";
  /** Only this very object: another one of the same name is KUBE_CONFLICT. */
  readonly uid?: string;
  /** Only as it was read: one that changed meanwhile is KUBE_CONFLICT. */
  readonly resourceVersion?: string;
}

export interface Readyz {
  readonly isReady: boolean;
  /** Names of the checks that fail: "etcd", "poststarthook/rbac/bootstrap-roles" */
  readonly failing: readonly string[];
}

/** One Kubernetes API server. Objects go out and come in as the JSON they are. */
export interface Cluster {
  /** `https://10.5.0.2:6443` */
  readonly server: string;
  readonly version: (call: Call) => Promise<string>;
  readonly readyz: (call: Call) => Promise<Readyz>;
  /** What the server serves: "v1", "apps/v1", "apps/v1/Deployment"; asked anew each time. */
  readonly apiVersions: (call: Call) => Promise<readonly string[]>;
  /** Every resource with the names that people call it by, in the server's order of preference; asked anew each time. */
  readonly served: (call: Call) => Promise<readonly ServedResource[]>;
  /** Whether the kind lives in namespaces, and under which name. */
  readonly resourceOf: (kind: KindRef, call: Call) => Promise<ApiResource>;
  /** @throws OperatorError KUBE_NOT_FOUND */
  readonly get: (ref: ObjectRef, call: Call) => Promise<KubeObject>;
  /** Everything selected, read in pages of 500. */
  readonly list: (selection: Selection, call: Call) => Promise<Listing>;
  /** @throws OperatorError KUBE_ALREADY_EXISTS */
  readonly create: (object: KubeObject, options: WriteOptions) => Promise<KubeObject>;
  /** Server-side apply, unknown fields refused. Safe to repeat. */
  readonly apply: (object: KubeObject, options: ApplyOptions) => Promise<KubeObject>;
  /** Puts the object whole in the place of the one that is there; with a resourceVersion only of that very one (else KUBE_CONFLICT). */
  readonly replace: (object: KubeObject, options: WriteOptions) => Promise<KubeObject>;
  /** @param patch - a JSON merge patch, or a list of JSON patch operations */
  readonly patch: (ref: ObjectRef, patch: unknown, options: PatchOptions) => Promise<KubeObject>;
  /** JSON merge patch of the status subresource. Safe to repeat. */
  readonly patchStatus: (ref: ObjectRef, status: unknown, call: Call) => Promise<KubeObject>;
  /** False where there was nothing to delete. */
  readonly delete: (ref: ObjectRef, options: DeleteOptions) => Promise<boolean>;
  /** Lists, then watches until the signal aborts or the loop is left; survives restarts of the server. */
  readonly watch: (selection: Selection, call: Call) => AsyncIterable<WatchEvent>;
  /** Ends every connection; what is still under way fails with KUBE_UNREACHABLE. */
  readonly close: () => Promise<void>;
}

export interface ConnectOptions {
  /** Where to find the API server instead of where the kubeconfig says: `https://10.5.0.2:6443`. */
  readonly server?: string;
  /** For one request with its answer; default 30 000. */
  readonly timeoutMs?: number;
  /** Who answers instead of the server that the kubeconfig names; for simulated clusters. Watches are not answered then. */
  readonly exchange?: ApiExchange;
}

const isObject = (value: unknown): value is KubeObject =>
  typeof record(value)?.["kind"] === "string" && record(record(value)?.["metadata"]) !== undefined;

/**
 * A client for the API server that the kubeconfig (or the access itself) names. Nothing is sent before the first call.
 *
 * @throws OperatorError KUBECONFIG_INVALID
 */
export function connectCluster(
  how: { readonly kubeconfigYaml: string } | ClusterAccess,
  options: ConnectOptions = {},
): Cluster {
  const read = "kubeconfigYaml" in how ? readKubeconfig(how.kubeconfigYaml) : how;
  const access: ClusterAccess = options.server === undefined ? read : { ...read, server: options.server };
  const defaultNamespace = access.namespace ?? "default";
  const transport =
    options.exchange === undefined
      ? createTransport(access, { timeoutMs: options.timeoutMs ?? 30_000 })
      : transportOver(options.exchange, access.server);
  const discovery = createDiscovery(transport);

  const collection = (resource: ApiResource, namespace: string | undefined): string => {
    const within =
      resource.isNamespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : "";
    return `${groupPath(resource.apiVersion)}${within}/${resource.plural}`;
  };
  /** The object's path, and its name as messages say it (with the namespace that was filled in). */
  const place = async (ref: ObjectRef, verb: string, signal: AbortSignal): Promise<{ path: string; doing: Doing }> => {
    if (ref.name === "") throw new Error(`${verb} ${ref.kind}: an object without a name`);
    const resource = await discovery.resourceOf(ref, { signal });
    const { namespace: asked, ...rest } = ref;
    const namespace = resource.isNamespaced ? (asked ?? defaultNamespace) : undefined;
    const object = objectName({ ...rest, ...(namespace === undefined ? {} : { namespace }) });
    return {
      path: `${collection(resource, namespace)}/${encodeURIComponent(ref.name)}`,
      doing: { verb, object, isSecret: ref.kind === "Secret" },
    };
  };
  /** Where an object is created: the path of its kind. The server names an object that has only a generateName. */
  const placeNew = async (
    object: KubeObject,
    verb: string,
    signal: AbortSignal,
  ): Promise<{ path: string; doing: Doing }> => {
    const { name, generateName } = object.metadata;
    const { path, doing } = await place({ ...refOf(object), name: name ?? generateName ?? "" }, verb, signal);
    return { path: path.slice(0, path.lastIndexOf("/")), doing };
  };
  const asObject = (value: unknown, doing: Doing): KubeObject => {
    if (isObject(value)) return value;
    throw new OperatorError("KUBE_ANSWER_INVALID", `${doing.verb} ${doing.object}: the answer is not an object`);
  };

  const list = async (selection: Selection, { signal }: Call): Promise<Listing> => {
    const { apiVersion, kind, namespace, labelSelector, fieldSelector } = selection;
    const resource = await discovery.resourceOf(selection, { signal });
    const items: KubeObject[] = [];
    let next: string | undefined;
    for (;;) {
      const page = record(
        await transport.json(
          {
            method: "GET",
            path: collection(resource, namespace),
            query: { labelSelector, fieldSelector, limit: String(listPageSize), continue: next },
            doing: { verb: "list", object: kind },
            isRepeatable: true,
          },
          { signal },
        ),
      );
      // A list leaves out what all its items share.
      for (const item of records(page?.["items"]))
        items.push(asObject({ ...item, apiVersion, kind }, { verb: "list", object: kind }));
      const { continue: more, resourceVersion } = record(page?.["metadata"]) ?? {};
      if (typeof more !== "string" || more === "") return { items, resourceVersion: String(resourceVersion ?? "") };
      next = more;
    }
  };

  async function* events(selection: Selection, resourceVersion: string, { signal }: Call): AsyncGenerator<unknown> {
    const doing: Doing = { verb: "watch", object: selection.kind };
    const resource = await discovery.resourceOf(selection, { signal });
    const body = await transport.stream(
      {
        method: "GET",
        path: collection(resource, selection.namespace),
        query: {
          watch: "true",
          allowWatchBookmarks: "true",
          timeoutSeconds: String(watchSeconds),
          resourceVersion,
          labelSelector: selection.labelSelector,
          fieldSelector: selection.fieldSelector,
        },
        doing,
        isRepeatable: true,
      },
      { signal },
    );
    try {
      yield* jsonLines(body);
    } catch (error) {
      signal.throwIfAborted();
      throw transportError(error, `${doing.verb} ${doing.object}`, access.server);
    }
  }

  const writing = ({ fieldManager, dryRun }: Omit<WriteOptions, "signal">) => ({
    fieldManager: fieldManager ?? ownFieldManager,
    fieldValidation: "Strict",
    dryRun: dryRun === true ? "All" : undefined,
  });

  const create = async (object: KubeObject, options: WriteOptions): Promise<KubeObject> => {
    const { signal, dryRun } = options;
    const { path, doing } = await placeNew(object, dryRun === true ? "check" : "create", signal);
    const answer = await transport.json(
      { method: "POST", path, query: writing(options), body: object, doing, isRepeatable: dryRun === true },
      { signal },
    );
    return asObject(answer, doing);
  };

  const apply = async (object: KubeObject, options: ApplyOptions): Promise<KubeObject> => {
    const { signal, force } = options;
    const { path, doing } = await place(refOf(object), "apply", signal);
    const answer = await transport.json(
      {
        method: "PATCH",
        path,
        query: { ...writing(options), force: String(force ?? false) },
        body: object,
        contentType: "application/apply-patch+yaml",
        doing,
        isRepeatable: true,
      },
      { signal },
    );
    return asObject(answer, doing);
  };

  return {
    server: access.server,
    apiVersions: discovery.apiVersions,
    served: discovery.served,
    resourceOf: discovery.resourceOf,
    list,
    version: async ({ signal }) => {
      const doing: Doing = { verb: "get", object: "the version" };
      const answer = await transport.json({ method: "GET", path: "/version", doing, isRepeatable: true }, { signal });
      return String(record(answer)?.["gitVersion"] ?? "");
    },
    readyz: async ({ signal }) => {
      const doing: Doing = { verb: "get", object: "/readyz" };
      const answer = await transport.text(
        { method: "GET", path: "/readyz", query: { verbose: "true" }, doing, isRepeatable: true },
        { signal },
      );
      const failing = [...answer.text.matchAll(/^\[-\](\S+)/gm)].map((match) => match[1] ?? "");
      return { isReady: answer.httpStatus === 200, failing };
    },
    get: async (ref, { signal }) => {
      const { path, doing } = await place(ref, "get", signal);
      return asObject(await transport.json({ method: "GET", path, doing, isRepeatable: true }, { signal }), doing);
    },
    create,
    apply: async (object, options) => {
      const { signal } = options;
      try {
        return await apply(object, options);
      } catch (error) {
        if (!isOperatorError(error, "KUBE_UNAVAILABLE")) throw error;
        // An apply that does not fit the schema is answered with a bare 500, as a failing etcd is. A create that writes
        // nothing tells them apart: it decodes the same object and says 400 with every field it does not know.
        const said = await create(object, { signal, dryRun: true }).catch((why: unknown) => why);
        throw isOperatorError(said, "KUBE_INVALID") ? said : error;
      }
    },
    replace: async (object, options) => {
      const { signal } = options;
      const { path, doing } = await place(refOf(object), "replace", signal);
      const answer = await transport.json(
        // A guarded replacement that is sent again after it was done says KUBE_CONFLICT of our own doing.
        {
          method: "PUT",
          path,
          query: writing(options),
          body: object,
          doing,
          isRepeatable: object.metadata.resourceVersion === undefined,
        },
        { signal },
      );
      return asObject(answer, doing);
    },
    patch: async (ref, patch, options) => {
      const { signal, type } = options;
      const { path, doing } = await place(ref, "patch", signal);
      const answer = await transport.json(
        {
          method: "PATCH",
          path,
          query: writing(options),
          body: patch,
          contentType: patchTypes[type],
          doing,
          isRepeatable: type === "merge",
        },
        { signal },
      );
      return asObject(answer, doing);
    },
    patchStatus: async (ref, status, { signal }) => {
      const { path, doing } = await place(ref, "patch the status of", signal);
      const answer = await transport.json(
        {
          method: "PATCH",
          path: `${path}/status`,
          query: writing({}),
          body: { status },
          contentType: patchTypes.merge,
          doing,
          isRepeatable: true,
        },
        { signal },
      );
      return asObject(answer, doing);
    },
    delete: async (ref, { signal, gracePeriodSeconds, propagation, uid, resourceVersion }) => {
      const { path, doing } = await place(ref, "delete", signal);
      const body = {
        apiVersion: "v1",
        kind: "DeleteOptions",
        propagationPolicy: propagation ?? "Background",
        ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
        preconditions: { uid, resourceVersion },
      };
      try {
        await transport.json({ method: "DELETE", path, body, doing, isRepeatable: true }, { signal });
        return true;
      } catch (error) {
        if (isOperatorError(error, "KUBE_NOT_FOUND")) return false;
        throw error;
      }
    },
    watch: (selection, { signal }) =>
      listWatch(
        {
          list: (call) => list(selection, call),
          events: (resourceVersion, call) => events(selection, resourceVersion, call),
          toObject: (value) => (isObject(value) ? value : undefined),
        },
        { signal, clock: systemClock, random: Math.random },
      ),
    close: transport.close,
  };
}
