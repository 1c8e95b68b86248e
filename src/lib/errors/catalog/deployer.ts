import type { CatalogPage } from "../catalog-page.ts";

/** Error codes of the room `deployer`. */
export const deployerErrors = {
  PACKAGE_INVALID: {
    exit: 3,
    doc: "The package is not in Zarf's format, or its manifests are not Kubernetes objects: definition missing or broken, names that would leave the package's folder, repeated entries, a component's archive that is not one, objects without a name. Nothing was deployed from it.",
  },
  PACKAGE_DAMAGED: {
    exit: 6,
    doc: "Bytes of the package are not those its checksums promise, or it carries files that the checksums do not list. Nothing was deployed from it; make or copy the package again.",
  },
  PACKAGE_FEATURE_UNSUPPORTED: {
    exit: 3,
    doc: "The package uses parts of Zarf's format that this version of Skerry does not carry out (charts, actions, files, repositories, data injections, imports and others). Every one is named with its component. Nothing was deployed, because leaving them out silently would deploy something else.",
  },
  PACKAGE_IMAGE_UNLISTED: {
    exit: 3,
    doc: "Manifests of the package run images that the package does not list under `images`, so nothing would bring them to the site. Every one is named with the object that runs it. Add them to the component's images.",
  },
  PACKAGE_VARIABLE_INVALID: {
    exit: 3,
    doc: "A value given for a package's variable does not match the pattern that the package asks for, or the package has no variable of that name. Correct the package's `variables` in site.yaml. Nothing was deployed.",
  },
  PACKAGE_NOT_READY: {
    exit: 7,
    doc: "Objects of the package were applied but did not become ready in time, or reported a failure that waiting does not cure. Every one is listed with the last reason seen. Nothing was undone; running the same command again goes on waiting.",
  },
  STATE_INVALID: {
    exit: 3,
    doc: "The Secret `zarf-state` in namespace `zarf` cannot be read: it is not JSON, or not what Zarf writes. Nothing was deployed, because without it nobody knows which registry and Git server the cluster has.",
  },
} as const satisfies CatalogPage;
