import { type ApiAnswer, type ApiExchange, type ApiRequest, type KubeObject, record } from "../../../kube/index.ts";
import type { Clock } from "../../../lib/clock.ts";
import { OperatorError } from "../../../lib/errors/index.ts";
import { LATENCY_MS, NO_ANSWER_MS } from "../timings.ts";
import { notFound, ok, refusal } from "./answers.ts";
import { builtInKinds, builtInVersions, definedKinds, type Kind } from "./kinds.ts";
import { mergePatch } from "./merge-patch.ts";
import { ObjectStore } from "./object-store.ts";
import { podObject } from "./pod.ts";
import { Workloads } from "./workloads.ts";

export interface ApiPorts {
  readonly clock: Clock;
  /** `v1.36.3` */
  readonly version: string;
  /** Whether any control plane serves the API. */
  readonly isServed: () => boolean;
  /** Whether etcd takes writes. */
  readonly hasQuorum: () => boolean;
  /** Whether a controller manager and a scheduler run. */
  readonly hasControllers: () => boolean;
  readonly hasScheduler: () => boolean;
  /** The status of a Node, as its kubelet or the node controller last wrote it. */
  readonly nodeStatus: (name: string) => Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

const systemNamespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];

/**
 * The Kubernetes API of a rehearsal: discovery, read, list, create, server-side apply with dry run, status patches and deletion,
 * over objects in memory. It knows no schemas beyond names and scopes, admits everything, and answers no watches: whoever reaches it
 * looks again instead.
 */
export class RehearsalApi {
  readonly workloads: Workloads;
  readonly #ports: ApiPorts;
  readonly #store: ObjectStore;

  constructor(ports: ApiPorts) {
    this.#ports = ports;
    this.#store = new ObjectStore(ports.clock);
    const { clock, signal } = ports;
    const works = () => ports.isServed() && ports.hasQuorum() && ports.hasControllers();
    const schedules = () => works() && ports.hasScheduler();
    this.workloads = new Workloads({ clock, store: this.#store, works, schedules, signal });
    for (const name of systemNamespaces)
      this.#store.create({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }

  /** As over the network: takes a moment, and fails where nobody serves. */
  readonly exchange: ApiExchange = async (request, { signal }) => {
    if (!this.#ports.isServed()) {
      await this.#ports.clock.sleep(NO_ANSWER_MS, { signal });
      const { verb, object } = request.doing;
      throw new OperatorError(
        "KUBE_UNREACHABLE",
        `${verb} ${object}: the API server cannot be reached: no route to it`,
        {
          next: ["skerry status    shows which control planes answer"],
          retry: "same",
        },
      );
    }
    await this.#ports.clock.sleep(2 * LATENCY_MS, { signal });
    return this.#answer(request);
  };

  /** Writes an object that is not there yet, as a control plane or a kubelet does. */
  ensure(object: KubeObject): void {
    if (this.#store.get(object) !== undefined) return;
    this.#store.create(object);
    this.workloads.changed();
  }

  #answer(request: ApiRequest): ApiAnswer {
    const { path } = request;
    if (path === "/version") return ok({ gitVersion: this.#ports.version });
    if (path === "/readyz") return this.#readyz();
    if (path === "/api") return ok({ kind: "APIVersions", versions: ["v1"] });
    if (path === "/apis") return ok({ kind: "APIGroupList", groups: this.#groups() });
    if (!this.#ports.hasQuorum())
      return refusal(500, "InternalError", "etcdserver: request timed out, possibly due to connection lost");
    const parts = path.split("/").slice(1).map(decodeURIComponent);
    const apiVersion = parts[0] === "api" ? (parts[1] ?? "") : `${parts[1] ?? ""}/${parts[2] ?? ""}`;
    const rest = parts.slice(parts[0] === "api" ? 2 : 3);
    const kinds = this.#kinds(apiVersion);
    if (rest.length === 0) return kinds.length === 0 ? notFound(path) : ok(resourceList(apiVersion, kinds));
    const isWithin = rest[0] === "namespaces" && rest.length > 2 && rest[2] !== "status";
    const namespace = isWithin ? rest[1] : undefined;
    const [plural, name, sub] = isWithin ? rest.slice(2) : rest;
    const kind = kinds.find((each) => each.plural === plural);
    if (kind === undefined) return notFound("the requested resource");
    if (name === undefined)
      return request.method === "POST" ? this.#create(request) : this.#list(kind, namespace, request);
    return this.#item(request, kind, { namespace, name, sub });
  }

  #readyz(): ApiAnswer {
    return this.#ports.hasQuorum()
      ? { httpStatus: 200, text: "[+]ping ok\n[+]etcd ok\nreadyz check passed\n" }
      : { httpStatus: 500, text: "[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n" };
  }

  #groups(): readonly object[] {
    const own = this.#store.list("apiextensions.k8s.io/v1", "CustomResourceDefinition").flatMap(definedKinds);
    const versions = [...builtInVersions(), ...own.map(({ apiVersion }) => apiVersion)];
    return [...new Set(versions)].map((groupVersion) => ({
      name: groupVersion.split("/")[0],
      versions: [{ groupVersion, version: groupVersion.split("/")[1] }],
    }));
  }

  #kinds(apiVersion: string): readonly Kind[] {
    const own = this.#store
      .list("apiextensions.k8s.io/v1", "CustomResourceDefinition")
      .flatMap(definedKinds)
      .filter((kind) => kind.apiVersion === apiVersion);
    return [...builtInKinds(apiVersion), ...own];
  }

  #list(kind: Kind, namespace: string | undefined, { query }: ApiRequest): ApiAnswer {
    const stored = this.#store.list(kind.apiVersion, kind.kind);
    const pods = kind.kind === "Pod" && kind.apiVersion === "v1" ? this.workloads.pods().map(podObject) : [];
    const made = new Set(pods.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
    const all = [...stored.filter(({ metadata }) => !made.has(`${metadata.namespace}/${metadata.name}`)), ...pods];
    const items = all
      .filter((item) => namespace === undefined || item.metadata.namespace === namespace)
      .filter((item) => matches(item, query?.["labelSelector"], query?.["fieldSelector"]))
      .map((item) => this.#shown(item));
    return ok({
      apiVersion: kind.apiVersion,
      kind: `${kind.kind}List`,
      metadata: { resourceVersion: this.#store.version },
      items,
    });
  }

  #item(
    request: ApiRequest,
    kind: Kind,
    at: { readonly namespace: string | undefined; readonly name: string; readonly sub: string | undefined },
  ): ApiAnswer {
    const { name, namespace } = at;
    const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
    const ref: KubeObject = { apiVersion: kind.apiVersion, kind: kind.kind, metadata };
    const found = this.#find(ref);
    const missing = () => notFound(`${kind.plural} ${JSON.stringify(name)}`);
    switch (request.method) {
      case "GET":
        return found === undefined ? missing() : ok(this.#shown(found));
      case "DELETE":
        if (!this.#store.delete(ref)) return missing();
        this.workloads.changed();
        return ok({ kind: "Status", status: "Success" });
      case "PUT":
        return found === undefined ? missing() : this.#replace(found, request);
      case "PATCH":
        if (at.sub === "status") return found === undefined ? missing() : this.#patchStatus(found, request);
        if (request.contentType !== mergePatchType) return this.#apply(found, request);
        return found === undefined ? missing() : this.#write(mergePatch(found, request.body) as KubeObject, request);
      default:
        return refusal(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
    }
  }

  #find(ref: KubeObject): KubeObject | undefined {
    const stored = this.#store.get(ref);
    if (stored !== undefined || ref.kind !== "Pod") return stored;
    const { name, namespace } = ref.metadata;
    const pod = this.workloads.pods().find((each) => each.name === name && each.namespace === namespace);
    return pod === undefined ? undefined : podObject(pod);
  }

  #create({ body, query }: ApiRequest): ApiAnswer {
    const object = body as KubeObject;
    const missing = this.#missingNamespace(object);
    if (missing !== undefined) return missing;
    if (this.#store.get(object) !== undefined)
      return refusal(409, "AlreadyExists", `${object.kind} ${JSON.stringify(object.metadata.name)} already exists`);
    if (query?.["dryRun"] === "All") return ok(object, 201);
    const created = this.#store.create(object);
    this.workloads.changed();
    return ok(this.#shown(created), 201);
  }

  #replace(found: KubeObject, request: ApiRequest): ApiAnswer {
    const object = request.body as KubeObject;
    return isOutdated(found, object) ? outdated(object) : this.#write(object, request);
  }

  #write(object: KubeObject, { query }: ApiRequest): ApiAnswer {
    if (query?.["dryRun"] === "All") return ok(this.#shown(object));
    const written = this.#store.replace(object);
    this.workloads.changed();
    return ok(this.#shown(written));
  }

  #apply(found: KubeObject | undefined, { body, query }: ApiRequest): ApiAnswer {
    const object = body as KubeObject;
    const missing = this.#missingNamespace(object);
    if (missing !== undefined) return missing;
    if (found !== undefined && isOutdated(found, object)) return outdated(object);
    const dryRun = query?.["dryRun"] === "All";
    const applied = this.#store.apply(object, { dryRun, manager: query?.["fieldManager"] ?? "skerry" });
    if (!dryRun) this.workloads.changed();
    return ok(this.#shown(applied));
  }

  #patchStatus(found: KubeObject, { body }: ApiRequest): ApiAnswer {
    const status = { ...record(found["status"]), ...record(record(body)?.["status"]) };
    return ok(this.#store.replace({ ...found, status }));
  }

  #missingNamespace({ metadata: { namespace } }: KubeObject): ApiAnswer | undefined {
    if (namespace === undefined) return undefined;
    const ref = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
    return this.#store.get(ref) === undefined ? notFound(`namespaces ${JSON.stringify(namespace)}`) : undefined;
  }

  /** With the status that a controller would have written. */
  #shown(object: KubeObject): KubeObject {
    const status = this.#statusOf(object);
    return status === undefined ? object : { ...object, status: { ...record(object["status"]), ...status } };
  }

  #statusOf(object: KubeObject): Readonly<Record<string, unknown>> | undefined {
    switch (object.kind) {
      case "Namespace":
        return { phase: "Active" };
      case "CustomResourceDefinition":
        return {
          conditions: [
            { type: "NamesAccepted", status: "True" },
            { type: "Established", status: "True" },
          ],
        };
      case "Node":
        return this.#ports.nodeStatus(object.metadata.name ?? "");
      case "Pod":
        return undefined;
      default:
        return this.workloads.statusOf(object);
    }
  }
}

const mergePatchType = "application/merge-patch+json";

/** Whether somebody else wrote since the version that a guarded write names. */
function isOutdated(found: KubeObject, { metadata: { resourceVersion } }: KubeObject): boolean {
  return resourceVersion !== undefined && resourceVersion !== found.metadata.resourceVersion;
}

function outdated({ kind, metadata }: KubeObject): ApiAnswer {
  return refusal(409, "Conflict", `${kind} ${JSON.stringify(metadata.name)} has been modified`);
}

function resourceList(apiVersion: string, kinds: readonly Kind[]): object {
  const resources = kinds.map(({ plural, kind, isNamespaced }) => ({ name: plural, kind, namespaced: isNamespaced }));
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion: apiVersion, resources };
}

function matches(item: KubeObject, labels: string | undefined, fields: string | undefined): boolean {
  const pairs = (text: string | undefined) =>
    (text ?? "")
      .split(",")
      .filter((pair) => pair !== "")
      .map((pair) => {
        const [key = "", value] = pair.split(/==?/);
        return [key, value] as const;
      });
  const fieldOf = (path: string): unknown =>
    path.split(".").reduce<unknown>((value, key) => record(value)?.[key], item);
  return (
    pairs(labels).every(([key, value]) =>
      value === undefined ? item.metadata.labels?.[key] !== undefined : item.metadata.labels?.[key] === value,
    ) && pairs(fields).every(([key, value]) => String(fieldOf(key) ?? "") === value)
  );
}
