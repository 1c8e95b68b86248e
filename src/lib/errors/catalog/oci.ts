import type { CatalogPage } from "../catalog-page.ts";

/** Error codes of the room `oci`: references, registries, the laptop mirror. */
export const ociErrors = {
  REFERENCE_INVALID: {
    exit: 3,
    doc: "A text that should name an image does not: it has letters that a name cannot have, a broken tag or a digest that is not sha256. Nothing was fetched. Write it like registry.example/team/app:1.2.",
  },
  MANIFEST_INVALID: {
    exit: 3,
    doc: "What a registry or a layout calls a manifest is not one: not JSON, larger than 4 MiB, an old schema, or two kinds at once. Nothing of the image was used. Push the image again with a current tool.",
  },
  REGISTRY_NOT_FOUND: {
    exit: 3,
    doc: "The registry answered, and says that it does not have this image, tag or blob. Check the name and the tag; where the image is private, check that the credentials may see it, since many registries answer the same way then.",
  },
  REGISTRY_UNAUTHORIZED: {
    exit: 5,
    doc: "The registry wants credentials, or does not accept those it was given. Credentials are only ever sent to the host they are for; a token server on another host must be named with them.",
  },
  REGISTRY_UNREACHABLE: {
    exit: 4,
    doc: "No connection to the registry, or it stopped answering: refused, reset, unknown host, or silent for longer than the time limit. It was tried several times. What was fetched before is kept.",
  },
  REGISTRY_TLS_UNTRUSTED: {
    exit: 5,
    doc: "The registry's certificate is not signed by a trusted CA, is for another name, or is not valid now (a laptop's wrong clock looks like this too). Nothing was sent. Give the CA that signed it, or correct the address or the clock.",
  },
  REGISTRY_FAILED: {
    exit: 4,
    doc: "The registry answered with a server error or with something that no registry should say, also after several tries. Its status and its own error codes are in the message. Look at the registry's log; run the same command again when it is well.",
  },
  REGISTRY_DIGEST_MISMATCH: {
    exit: 6,
    doc: "The registry sent other bytes than the digest promises: another content, fewer or more. They were thrown away. Someone or something between changes content, or the registry's disk is damaged.",
  },
  REGISTRY_INCOMPLETE: {
    exit: 7,
    doc: "The registry refuses a manifest because something that it names is not there: a layer, or one platform of an index. Nothing was stored under that name. Push what is missing, or let the registry accept indexes of which not every platform is there.",
  },
  MIRROR_PORT_TAKEN: {
    exit: 5,
    doc: "Another process on this laptop listens on the port that the mirror needs, perhaps another run of Skerry. Nothing was started. Stop that process, or choose another port with mirror.port in site.yaml.",
  },
  MIRROR_ADDRESS_UNAVAILABLE: {
    exit: 5,
    doc: "The laptop does not have the address that the mirror should listen on, or may not use the port. The laptop may have another address than when the nodes were configured: correct mirror.address in site.yaml, or leave it out so that it is found by route.",
  },
  MIRROR_CONTENT_DAMAGED: {
    exit: 6,
    doc: "A blob that the mirror should serve is not what its digest says. The connection was cut before its end, and it is never served again by this run. The bundle or the folder is damaged: verify it, and copy it again from its source.",
  },
} as const satisfies CatalogPage;
