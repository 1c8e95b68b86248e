import type { CatalogPage } from "../catalog-page.ts";

/** Error codes of the room `bundle`. */
export const bundleErrors = {
  BUNDLE_IMAGES_MISSING: {
    exit: 3,
    doc: "The closure names images that their registries do not have, or not for the wanted architectures. Every one is listed with why the closure needs it. Everything else was fetched and kept in the .partial file, so that the next run takes up there once the images exist or the definition names others.",
  },
  BUNDLE_SOURCE_FAILED: {
    exit: 4,
    doc: "A registry, a web server or a file that the bundle is made from failed, also after retries: unreachable, answering with errors, or sending other bytes than its digest promises. What was fetched and verified is kept in the .partial file; running the same command again fetches only the rest.",
  },
  BUNDLE_NO_SPACE: {
    exit: 5,
    doc: "The disk has less free space than the bundle still needs. Nothing was fetched. Make room, or write the bundle to another disk with --out.",
  },
  BUNDLE_BUSY: {
    exit: 8,
    doc: "Another process is creating the same bundle file right now. The message names it; wait for it or stop it.",
  },
  BUNDLE_ASSET_CHANGED: {
    exit: 6,
    doc: "A boot asset is not the file that the definition describes: its bytes have another digest. Nothing of it was put into the bundle. Correct the digest in bundle.yaml or bring the right file.",
  },
  BUNDLE_INVALID: {
    exit: 3,
    doc: "The file is not a bundle, was made by a newer Skerry, or breaks the rules of the format: unknown or repeated entries, names that leave the layout, an index that does not fit its closure. Nothing was taken from it.",
  },
  BUNDLE_TRUNCATED: {
    exit: 3,
    doc: "The file ends before the bundle does, as after an interrupted copy. The message says how many bytes are missing. Copy it again.",
  },
  BUNDLE_DAMAGED: {
    exit: 6,
    doc: "Bytes of the bundle are not what they were when it was made. Each damaged blob is named with the images, packages or assets it belongs to. Nothing damaged is ever handed on; copy the bundle again from its source.",
  },
  BUNDLE_GONE: {
    exit: 4,
    doc: "The bundle could be read at first and then no longer, as when the stick it is on was pulled out. The message names the file that is wanted back. Nothing was undone; plug it in and run the same command again.",
  },
  BUNDLE_UNSIGNED: {
    exit: 6,
    doc: "The bundle has no signature and the site does not allow that. Sign it with a key named under sign.key in bundle.yaml, or set trust.allowUnsigned in site.yaml.",
  },
  BUNDLE_SIGNATURE_INVALID: {
    exit: 6,
    doc: "The bundle names a key that the site trusts, but the signature does not fit the bundle's index: the index or the signature was changed after signing. Do not use it.",
  },
  BUNDLE_KEY_UNKNOWN: {
    exit: 6,
    doc: "The bundle is signed with a key that the site does not trust. If the key is right, add its public half under trust.keys in site.yaml.",
  },
  BUNDLE_KEY_UNUSABLE: {
    exit: 3,
    doc: "A key file is not an Ed25519 or ECDSA P-256 key in PEM, or is encrypted. `openssl genpkey -algorithm ed25519 -out bundle.key` makes a private key, `openssl pkey -in bundle.key -pubout -out bundle.pub` its public half.",
  },
} as const satisfies CatalogPage;
