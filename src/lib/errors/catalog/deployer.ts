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
  PACKAGE_TOO_LARGE: {
    exit: 3,
    doc: "The package expands to far more than a package of its size does (a decompression bomb), or has more files or larger documents than any package has. Nothing was written. Where it is meant to be like that, unpack it with `zstd -d` and use the `.tar`, which is read in place.",
  },
  PACKAGE_NO_SPACE: {
    exit: 5,
    doc: "The disk has less free space than the package needs to be read: a `.tar.zst` is unpacked once into a private folder, which is removed at the end. Nothing was written. Make room, set TMPDIR to another disk, or use the package as a `.tar`, from a bundle or from a registry, which are read in place. When a package is made, what is fetched lies in a private folder under TMPDIR until the package in `--out` is whole; both are added up first, as if nothing could be compressed.",
  },
  PACKAGE_UNTRUSTED: {
    exit: 6,
    doc: "Nobody vouches for the package: it is not signed, or no public key was given to check its signature with. Nothing was deployed. Give the key it was signed with, or say with `--allow-unsigned` or in the site's policy that it may come from anybody.",
  },
  PACKAGE_SIGNATURE_INVALID: {
    exit: 6,
    doc: "The package's signature is not one by any of the keys given, is not over this definition, cannot be read, or was taken away. Nothing was deployed; get the package again from whoever signed it.",
  },
  PACKAGE_KEY_INVALID: {
    exit: 3,
    doc: "A key for packages cannot be used: the file is not a cosign key in PEM, it is of a kind that is not known, or the password does not open it.",
  },
  PACKAGE_ARCHITECTURE: {
    exit: 3,
    doc: "The package was made for another processor architecture than the one asked for. Nothing was deployed. Get the package for the architecture of the site's nodes.",
  },
  PACKAGE_FEATURE_UNSUPPORTED: {
    exit: 3,
    doc: "The package uses something of Zarf's format that Skerry does not carry out: it initialises a cluster with Zarf's own services, needs a newer Zarf than 0.84, or is to be made from a v1beta1 definition or a chart repository by its alias. Everything is named. Nothing was made or deployed, because leaving it out silently would be something else.",
  },
  PACKAGE_IMAGE_UNLISTED: {
    exit: 3,
    doc: "Manifests of the package run images that the package does not list under `images`, so nothing would bring them to the site. Every one is named with the object that runs it. Add them to the component's images.",
  },
  PACKAGE_VARIABLE_INVALID: {
    exit: 3,
    doc: "A value given for a package's variable does not match the pattern that the package asks for, or the package has no variable of that name. Correct `--set`, the environment, the secrets file or the package's `variables` in site.yaml. Nothing was deployed.",
  },
  PACKAGE_NOT_READY: {
    exit: 7,
    doc: "Objects of the package were applied but did not become ready in time, or reported a failure that waiting does not cure. Every one is listed with the last reason seen. Nothing was undone; running the same command again goes on waiting.",
  },
  STATE_INVALID: {
    exit: 3,
    doc: "The Secret `zarf-state` in namespace `zarf` cannot be read: it is not JSON, or not what Zarf writes. Nothing was deployed, because without it nobody knows which registry and Git server the cluster has.",
  },
  STATE_LEASE_HELD: {
    exit: 8,
    doc: "Another run is deploying or removing the same package: who, where, since when and when it was last heard is said. Nothing was done. A run that died is taken over, at once where it ran on this machine, else a minute after it was last heard.",
  },
  STATE_LEASE_LOST: {
    exit: 8,
    doc: "While this run could not be heard (the laptop slept, the network was away), another one took over the package. This one stopped where it was; what it had applied stays, and the other run goes on from there.",
  },
  DEPLOY_SELECTION_INVALID: {
    exit: 2,
    doc: "What was asked for with `--components` does not fit the package: a name that it does not have (near ones are named), two components of one group, or a group without a default of which none was chosen. Nothing was deployed.",
  },
  IMAGE_PUSH_MISSING: {
    exit: 3,
    doc: "The package lists an image that it does not carry, or not whole: its manifest, one of its layers, or every platform of its index is missing. Nothing of this image was pushed. Make the package again where its images can be pulled.",
  },
  IMAGE_PUSH_DAMAGED: {
    exit: 6,
    doc: "Bytes of an image in the package are not those that its digest promises, found while it was read for the push. What is damaged was not stored. Copy the package again from its source.",
  },
  IMAGE_PUSH_INCOMPLETE: {
    exit: 7,
    doc: "An image is named by the digest of an index of which the package carries only some platforms, and the registry takes an index only with all of them. Make the package with these platforms, name the image by tag, or let the registry accept such indexes (`validation.manifests.indexes.platforms: none`).",
  },
  IMAGE_PUSH_UNREACHABLE: {
    exit: 4,
    doc: "The cluster's registry could not be reached, or stopped answering in the middle of a push, also after several tries; where it is reached through the cluster, the message says where the way ended. What was pushed stays and is not pushed again by the next run.",
  },
  IMAGE_PUSH_UNAUTHORIZED: {
    exit: 5,
    doc: "The cluster's registry does not accept the push user of the cluster's state, or that user may not write to the repository. Compare the state with the registry's users.",
  },
  IMAGE_PUSH_UNTRUSTED: {
    exit: 5,
    doc: "The certificate of the cluster's registry is not trusted: another CA, another name, or not valid now. Nothing was sent, no credentials either. Give the CA that signed it, or correct the address or the clock.",
  },
  IMAGE_PUSH_REFUSED: {
    exit: 7,
    doc: "The cluster's registry answered a push with an error, also after several tries: its storage is full or read-only, or what answers is not a registry. Its status and its own error codes are in the message.",
  },
  PACKAGE_TEMPLATE_UNSET: {
    exit: 3,
    doc: "The package's definition has create-time templates (`###ZARF_PKG_TMPL_NAME###`) for which no value was given. Every one is listed with its line; give each with `--set NAME=VALUE`. Nothing was made.",
  },
  PACKAGE_SOURCE_UNUSABLE: {
    exit: 3,
    doc: "A file or folder that the package's definition names cannot go into a package: its name is one that readers of packages refuse, or it is a link that leaves its folder, or an archive that is none. Nothing was made.",
  },
  PACKAGE_SOURCE_CHANGED: {
    exit: 4,
    doc: "A file changed while the package was made from it, so what was measured is not what was read. Nothing was made; run the same command again when nothing writes to the folder.",
  },
  PACKAGE_FETCH_FAILED: {
    exit: 4,
    doc: "A file, chart or index that the package's definition names by URL could not be fetched, or is larger than what is taken. What may pass was tried three times. Nothing was made.",
  },
  PACKAGE_FILE_MISMATCH: {
    exit: 6,
    doc: "A file that goes into the package is not the one that was promised: its SHA-256 differs from the `shasum` in zarf.yaml, or a chart's from the repository's index. Nothing was made. Find out which of the two is right before correcting it.",
  },
  PACKAGE_CHART_NOT_FOUND: {
    exit: 3,
    doc: "A chart, or a chart that it depends on, is not where the definition says: no such name or version in the repository, or what is there is not a chart. Nothing was made.",
  },
  PACKAGE_KUBECTL_MISSING: {
    exit: 7,
    doc: "The package has kustomizations, which `kubectl kustomize` builds when the package is made, and there is no kubectl on this machine. Deploying the finished package needs none. Install kubectl, or list the built objects under `files`.",
  },
  PACKAGE_KUSTOMIZE_FAILED: {
    exit: 3,
    doc: "`kubectl kustomize` could not build a kustomization of the package; what it said is in the message. Nothing was made.",
  },
  PACKAGE_REPOSITORY_INVALID: {
    exit: 3,
    doc: "An entry of a component's `repos` is not a Git URL with an optional `@reference`. Nothing was made.",
  },
  PACKAGE_CLONE_FAILED: {
    exit: 4,
    doc: "A Git repository of the package could not be cloned, or does not have the tag, branch or commit that is asked for. Nothing was made.",
  },
  PACKAGE_IMPORT_INVALID: {
    exit: 3,
    doc: "A component imports from a registry, and what is published there cannot be imported from: the package has no skeleton, or is none. Nothing was made.",
  },
  PACKAGE_DIFFERENTIAL_INVALID: {
    exit: 3,
    doc: "A package cannot be made as a difference to the one named with `--differential`: they are not two versions of one package. Nothing was made.",
  },
  PACKAGE_TOO_MANY_PARTS: {
    exit: 2,
    doc: "Split as asked, the package would have more than 999 parts, which their names cannot count. Nothing was made; give a larger `--max-package-size`.",
  },
  PACKAGE_IMAGES_MISSING: {
    exit: 4,
    doc: "Images of the package could not be had: the registry does not have them, not for the package's architecture, or cannot be reached; or an image archive does not hold them. All are listed. Nothing was made.",
  },
  DEPLOY_NAMESPACE_REFUSED: {
    exit: 2,
    doc: "The package cannot be put into another namespace (it uses more than one, or none; it forbids it; it initialises a cluster), or a namespace that belongs to Kubernetes was to be taken over. Nothing was deployed into it.",
  },
  DEPLOY_NAMESPACE_TERMINATING: {
    exit: 7,
    doc: "A namespace that the package needs is being deleted, and did not go away within two minutes. Its status says what holds it. Run the same command again once it is gone.",
  },
  DEPLOY_CLUSTER_MISSING: {
    exit: 2,
    doc: "The package has components that go into a cluster, and no cluster was named: neither a site that is up nor a kubeconfig. Nothing was done.",
  },
  PACKAGE_VARIABLE_EXPOSED: {
    exit: 2,
    doc: "A sensitive variable of a package was given on the command line or by the environment, where other programs can read it. Give it by a secrets file (0600, or encrypted with age) or at the prompt. Nothing was deployed; treat the value as known to others.",
  },
  PACKAGE_CONFIG_INVALID: {
    exit: 3,
    doc: "The configuration file (zarf-config.toml, .yaml or .json, or the one that ZARF_CONFIG names) cannot be used: it is broken, of a kind that is not read, or says something of the wrong type under package.deploy. Nothing was deployed.",
  },
  PACKAGE_VALUES_INVALID: {
    exit: 3,
    doc: "Package values are broken, contradict each other, or do not fit the schema that the package brings. Every problem is listed with its path. Nothing was deployed.",
  },
  PACKAGE_VALUES_UNDEFINED: {
    exit: 3,
    doc: "Templates of the package use values that nobody defines, so they would fail in the middle of the deployment. Every one is named with the place that uses it. Define them with --values or --set-values, also where they are to be empty. Nothing was deployed.",
  },
  ACTION_FAILED: {
    exit: 7,
    doc: "A command of the package ended with an error in every attempt, its output did not match the pattern asked for, or could not be read as the values it sets. The message says which command, how often it was tried and how it ended; its output is above. What was deployed before it stays; running the same command again begins with this component.",
  },
  ACTION_TIMED_OUT: {
    exit: 4,
    doc: "A command of the package did not end within the seconds that the package gives all its attempts. It was ended together with everything it had started. What was deployed before it stays.",
  },
  ACTION_WAIT_UNMET: {
    exit: 7,
    doc: "What an action of the package waits for did not come in its time. The message repeats what was last seen. What was deployed before it stays; running the same command again waits again.",
  },
  ACTION_SHELL_MISSING: {
    exit: 3,
    doc: "A command of the package asks for a shell, or runs in a folder, that this machine does not have. Install the shell, or have the package use another one.",
  },
  ACTION_OUTPUT_TOO_LARGE: {
    exit: 3,
    doc: "A command of the package wrote more output than is kept for variables (16 MiB). It was ended.",
  },
  ACTION_UNSUPPORTED: {
    exit: 3,
    doc: "Actions of the package call tools of Zarf that Skerry does not stand in for, are written in a way that cannot be carried out, or wait for a cluster where there is none. Every one is named with its component. Nothing was run.",
  },
  PACKAGE_TARGET_UNSAFE: {
    exit: 5,
    doc: "A file of the package would be written through a link, over a folder, or to a place that is no file. Nothing was written there. Look at the target named; remove what is in the way if it is not wanted.",
  },
  CHART_INVALID: {
    exit: 3,
    doc: "A chart is not one that Helm installs: not a packed chart, Chart.yaml missing or wrong, a dependency that is not inside, a library, entries that are links or leave the chart, or a Kubernetes version that it does not accept. Helm's own words are in the message.",
  },
  CHART_TOO_LARGE: {
    exit: 3,
    doc: "A chart, packed or unpacked, is larger or has more files than any chart that a release record could hold. It was not unpacked.",
  },
  CHART_VALUES_INVALID: {
    exit: 3,
    doc: "Values for a chart are not YAML, or break the chart's own schema (values.schema.json). Helm's own words are in the message, with the place in the values. Nothing was deployed from the chart.",
  },
  CHART_RELEASE_INVALID: {
    exit: 3,
    doc: "The name of a release is not one that Helm accepts (lower-case letters, digits, dashes and dots, at most 53 characters), or the version of Kubernetes that a chart is rendered for is not a version. Nothing was deployed.",
  },
  CHART_RENDER_FAILED: {
    exit: 3,
    doc: "A template of a chart failed, or what it rendered is not YAML. Helm's own words are in the message, with template and line. Nothing was deployed from the chart.",
  },
  CHART_LOOKUP_ENDLESS: {
    exit: 3,
    doc: "A chart's templates asked for other objects of the cluster each time they were rendered with the answers to the questions before, and were stopped. Nothing was deployed from the chart.",
  },
  CHART_TIMEOUT: {
    exit: 3,
    doc: "Rendering a chart or a template took longer than its time limit and was stopped: most likely a loop without end. Nothing was deployed from it.",
  },
  CHART_TEMPLATE_INVALID: {
    exit: 3,
    doc: "A Go template in a manifest, file or values file of a package failed, most often because it names a value that is not there. The message has the template and the line. Nothing was deployed from it.",
  },
  CHART_PATTERN_INVALID: {
    exit: 3,
    doc: "A pattern that a variable has to match is not a regular expression as Go reads them (RE2: no look-around, no back-references).",
  },
  CHART_ENGINE_MISSING: {
    exit: 2,
    doc: "The chart engine, a file that comes with Skerry, is not there. In a clone it is built by `node parts/build.ts --only chart-engine`; otherwise install Skerry again.",
  },
  RELEASE_NAME_INVALID: {
    exit: 3,
    doc: "A chart or manifest asks for a release name that Helm does not allow: at most 53 characters of a-z, 0-9, `-` and `.`, beginning and ending with a letter or digit. Nothing was written.",
  },
  RELEASE_MANIFEST_INVALID: {
    exit: 3,
    doc: "What a chart or manifest gives is not a list of Kubernetes objects: a document without apiVersion, kind or name. Every such document is named. Nothing was written.",
  },
  RELEASE_RECORD_INVALID: {
    exit: 7,
    doc: "A Secret that should hold the record of a release (type `helm.sh/release.v1`) cannot be read: it was cut off or edited. Delete the Secret that the message names to forget that revision; the objects in the cluster stay. Nothing was written.",
  },
  RELEASE_RECORD_TOO_LARGE: {
    exit: 3,
    doc: "Helm records a release, with its chart, in one Secret, and Kubernetes keeps at most 1 MiB in one. Take large files out of the chart or split it. Nothing was written.",
  },
  RELEASE_BUSY: {
    exit: 8,
    doc: "Somebody else (Helm, Zarf, another run) is writing the same release at this moment. Wait until that has ended, then run the same command again.",
  },
  RELEASE_OWNED_BY_OTHERS: {
    exit: 7,
    doc: "The release would change objects that exist already and belong to nobody, to another release or to another tool. Every one is listed with its owner. Nothing was written. Remove them, or adopt them with `--take-ownership`.",
  },
  RELEASE_CONFLICT: {
    exit: 7,
    doc: "Other managers have set fields of an object to other values than the release wants; every field is listed with its manager. Take the fields out of the chart, or take them over with `--force-conflicts`.",
  },
  RELEASE_FIELD_IMMUTABLE: {
    exit: 7,
    doc: "The release changes a field that Kubernetes does not let anybody change on an object that exists (the selector of a Deployment, the template of a Job). Delete the object, then run the same command again: it is created anew.",
  },
  RELEASE_OBJECT_REFUSED: {
    exit: 7,
    doc: "The API server, or an admission webhook of another product, refuses an object of the release; the message repeats the reason. An upgrade that had begun was rolled back to the revision before.",
  },
  RELEASE_QUOTA_EXCEEDED: {
    exit: 7,
    doc: "An object of the release does not fit into the quota of its namespace; what is used and what is allowed is listed. Raise the quota, ask for less, or remove something else, then run the same command again.",
  },
  RELEASE_NAMESPACE_TERMINATING: {
    exit: 7,
    doc: "The release's namespace is being deleted, so nothing can be created in it. Wait until it is gone, then run the same command again.",
  },
  RELEASE_NAMESPACE_MISSING: {
    exit: 7,
    doc: "An object of the release, or its record, belongs into a namespace that does not exist.",
  },
  RELEASE_KIND_UNKNOWN: {
    exit: 7,
    doc: "The release has objects of kinds that the cluster does not serve and that the release does not define itself. Every one is listed. Deploy the package that brings their CustomResourceDefinitions first. Nothing was written.",
  },
  RELEASE_HOOK_FAILED: {
    exit: 7,
    doc: "A hook of the chart (a Job or Pod that runs before or after the release) failed or did not end in time. Its log says why. An upgrade was rolled back to the revision before; a first installation stays as it is, and the next deployment goes on from there.",
  },
  RELEASE_NOT_READY: {
    exit: 7,
    doc: "Objects of the release were applied but did not become ready in time, or reported a failure that waiting does not cure. Every one is listed with the last reason seen. An upgrade was rolled back to the revision before; a first installation stays as it is, and the next deployment goes on from there.",
  },
  RELEASE_ROLLBACK_FAILED: {
    exit: 7,
    doc: "An upgrade failed, and so did rolling back to the revision before; both reasons are listed. The release is between two revisions. Remove the cause and deploy again: the next deployment goes on from there.",
  },
  DEPLOY_PACKAGE_UNKNOWN: {
    exit: 2,
    doc: "The cluster has no record of a package of this name (and namespace, where one was given). Nothing was done. `package list` shows what is deployed.",
  },
  STATE_RECORD_INVALID: {
    exit: 3,
    doc: "The record of a deployed package holds a definition that cannot be read, so nobody knows what is to be run when it is removed. Nothing was done. Remove the package with the tool that deployed it.",
  },
  REPOSITORY_INVALID: {
    exit: 3,
    doc: "A Git repository of the package cannot be pushed as it is: its address is not understood, the component does not carry it, or what it carries is not a whole repository. Nothing of it was pushed. Make the package again.",
  },
  REPOSITORY_NO_SERVER: {
    exit: 7,
    doc: "The package brings Git repositories, and the cluster's state names no Git server to push them to, or names one that is not an http(s) address. Nothing was pushed. Leave such components out, or set the cluster up with a Git server.",
  },
  REPOSITORY_NOT_FOUND: {
    exit: 7,
    doc: "The cluster's Git server has no repository of the name that is pushed to, and does not create one by itself. Create it for the push user; the message has its address.",
  },
  REPOSITORY_UNREACHABLE: {
    exit: 4,
    doc: "The cluster's Git server could not be reached, or the connection broke in the middle, also after several tries; where it is reached through the cluster, the message says where the way ended. Repositories pushed before stay.",
  },
  REPOSITORY_UNAUTHORIZED: {
    exit: 5,
    doc: "The cluster's Git server does not accept the push user of the cluster's state, or that user may not write to the repository.",
  },
  REPOSITORY_UNTRUSTED: {
    exit: 5,
    doc: "The certificate of the cluster's Git server is not trusted: another CA, another name, or not valid now. No credentials were sent. Give the CA that signed it, or correct the address or the clock.",
  },
  REPOSITORY_DIVERGED: {
    exit: 7,
    doc: "Branches or tags on the cluster's Git server hold something else than the package's, and not something that the package's builds on: somebody pushed there, or history was rewritten. Every one is listed. Nothing was changed, because nothing is ever forced.",
  },
  REPOSITORY_REFUSED: {
    exit: 7,
    doc: "The cluster's Git server did not take the push: a hook, a protected branch, a quota, an error of its own, or it is no Git server. Its own reasons are listed.",
  },
  INJECTION_INVALID: {
    exit: 3,
    doc: "A data injection of the package cannot be carried out as it is written: the component does not carry its data, or its target path is not one. Nothing was sent.",
  },
  INJECTION_NO_TARGET: {
    exit: 7,
    doc: "No pod was found in time that waits for the data: with the selector of the injection, naming the marker file, its container running. The message says what was there last. Look at the pods; running the same command again looks for them again.",
  },
  INJECTION_FAILED: {
    exit: 7,
    doc: "The data did not arrive in the container: its `tar` is missing or failed, its folder cannot be written to, or its disk is full. What the container said is listed. The marker was not written, so what waits for it goes on waiting.",
  },
  INJECTION_NOT_READY: {
    exit: 7,
    doc: "The data arrived, its marker too, and yet no pod with the selector came to run in time. The message says what was there last. Nothing was undone.",
  },
  DEPLOY_PACKAGE_MISSING: {
    exit: 2,
    doc: "What was named is neither a file or folder that is there, nor a place in a registry (oci://…), nor a package of the site's bundle. Nothing was done.",
  },
  PACKAGE_LACKS_CONTENT: {
    exit: 3,
    doc: "The package does not carry what was asked for: it was made without a bill of materials, or without documentation.",
  },
} as const satisfies CatalogPage;
