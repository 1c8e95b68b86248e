import type { CatalogPage } from "../catalog-page.ts";

/** Error codes of the room `kube`. */
export const kubeErrors = {
  KUBE_UNREACHABLE: {
    exit: 4,
    doc: "The Kubernetes API server could not be reached, or the connection broke before it answered. The address that was tried is in the message. Nothing is known to have changed; check the route to the control plane and run the same command again.",
  },
  KUBE_TLS: {
    exit: 6,
    doc: "The Kubernetes API server's certificate does not match the cluster's CA or the address, or it refused our client certificate. This may be another cluster's API server at the same address, or a laptop clock far from the truth. Nothing was sent.",
  },
  KUBE_UNAUTHORIZED: {
    exit: 5,
    doc: "The Kubernetes API server does not know the credentials of the kubeconfig: they expired, or belong to a cluster that was built anew. Fetch the kubeconfig again.",
  },
  KUBE_FORBIDDEN: {
    exit: 5,
    doc: "The Kubernetes API server knows who is asking and does not allow it. The message repeats the server's reason; an administrator's kubeconfig is needed.",
  },
  KUBE_NOT_FOUND: {
    exit: 7,
    doc: "The object does not exist in the cluster, or its namespace does not.",
  },
  KUBE_KIND_UNKNOWN: {
    exit: 7,
    doc: "The cluster does not serve this apiVersion and kind. Its CustomResourceDefinition is missing, not established yet, or the API was removed in this version of Kubernetes.",
  },
  KUBE_ALREADY_EXISTS: {
    exit: 7,
    doc: "The object was to be created but an object of that name exists already. It was left as it is.",
  },
  KUBE_CONFLICT: {
    exit: 7,
    doc: "Somebody else owns fields that were to be changed, or changed the object meanwhile. Every field and its manager is listed; the object was left as it is. Take the fields out of the manifest, or take them over on purpose.",
  },
  KUBE_INVALID: {
    exit: 7,
    doc: "The Kubernetes API server refused the object: unknown or duplicate fields, values out of range, immutable fields. Every cause is listed with its field; the object was left as it is.",
  },
  KUBE_REFUSED: {
    exit: 7,
    doc: "The Kubernetes API server or an admission webhook refused the request for another reason, which the message repeats. The object was left as it is.",
  },
  KUBE_NAMESPACE_TERMINATING: {
    exit: 7,
    doc: "The object's namespace is being deleted, so nothing can be created in it. Wait until it is gone, then create it again; a namespace that stays like this has objects whose finalizers nobody answers (`kubectl get namespace NAME -o yaml` names them).",
  },
  KUBE_UNAVAILABLE: {
    exit: 4,
    doc: "The Kubernetes API server answered that it cannot serve the request now: starting, overloaded, or without etcd. Running the same command again goes on from there.",
  },
  KUBE_EXPIRED: {
    exit: 7,
    doc: "A list or watch took so long that the API server no longer has its starting point. Running the same command again starts from the present state.",
  },
  KUBE_ANSWER_INVALID: {
    exit: 7,
    doc: "What answered is not a Kubernetes API server, or its answer exceeds the limit: not JSON, not an object, larger than 64 MiB. Check the address of the kubeconfig.",
  },
  KUBECONFIG_INVALID: {
    exit: 3,
    doc: "The kubeconfig cannot be used: broken YAML, no current context, or credentials that are not in the file itself (files, exec plug-ins). `kubectl config view --raw --flatten --minify` makes one that stands alone.",
  },
  KUBE_STREAM_BROKEN: {
    exit: 4,
    doc: "A stream through the API server (a command in a container, a way to a pod's port) ended where it should not have: the pod, its node or the connection went away, or the node could not reach the port. What was done through it up to then is not undone; running the same command again begins it anew.",
  },
  KUBE_NO_READY_POD: {
    exit: 7,
    doc: "A Service was to be reached through the API server, and no pod behind it is running and ready, or it has no such port. Look at its pods; run the same command again when one is ready.",
  },
} as const satisfies CatalogPage;
