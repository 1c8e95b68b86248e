import { z } from "zod";

import { canonicalJson, type JsonValue } from "../../lib/json.ts";
import { type Descriptor, DescriptorSchema, mediaTypes } from "../../oci/index.ts";
import { ANNOTATION, FORMAT_VERSION, LIMIT, MEDIA } from "./names.ts";

/** What `index.json` says, as values. */
export interface IndexDocument {
  readonly definition: Descriptor;
  readonly closure: Descriptor;
  /** Sorted by reference. */
  readonly images: readonly { readonly reference: string; readonly descriptor: Descriptor }[];
  /** Sorted by name. */
  readonly packages: readonly { readonly name: string; readonly descriptor: Descriptor }[];
  readonly assets?: Descriptor;
  readonly blobSectionBytes: number;
}

const Index = z.object({
  annotations: z.object({
    [ANNOTATION.format]: z.string(),
    [ANNOTATION.blobSectionBytes]: z.string().regex(/^\d{1,16}$/),
  }),
  manifests: z.array(DescriptorSchema).max(LIMIT.blobs),
});

/** Why bytes are not an index that we would have written. */
export interface IndexRefusal {
  readonly refusal: string;
}

/** The bytes of `index.json`: canonical JSON, so that a document has one form and a changed byte shows. */
export function indexBytes(document: IndexDocument): Buffer {
  const manifests: JsonValue[] = [
    { ...plain(document.definition), artifactType: MEDIA.definition },
    { ...plain(document.closure), artifactType: MEDIA.closure },
    ...document.images.map(({ reference, descriptor }) => ({
      ...plain(descriptor),
      annotations: { [ANNOTATION.reference]: reference },
    })),
    ...document.packages.map(({ name, descriptor }) => ({
      ...plain(descriptor),
      artifactType: MEDIA.zarfConfig,
      annotations: { [ANNOTATION.package]: name },
    })),
    ...(document.assets === undefined ? [] : [{ ...plain(document.assets), artifactType: MEDIA.assets }]),
  ];
  return Buffer.from(
    canonicalJson({
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      annotations: {
        [ANNOTATION.format]: FORMAT_VERSION,
        [ANNOTATION.blobSectionBytes]: String(document.blobSectionBytes),
      },
      manifests,
    }),
  );
}

/** Reads `index.json` strictly: what is read must give the same bytes when written again. */
export function readIndex(bytes: Uint8Array): IndexDocument | IndexRefusal {
  const parsed = Index.safeParse(parseJson(bytes));
  if (!parsed.success) return { refusal: "its index.json is not one of a bundle" };
  const { annotations, manifests } = parsed.data;
  if (annotations[ANNOTATION.format] !== FORMAT_VERSION) {
    return {
      refusal: `it has format ${JSON.stringify(annotations[ANNOTATION.format]).slice(0, 40)}, and this Skerry knows ${FORMAT_VERSION}`,
    };
  }
  const ofType = (type: string): readonly Descriptor[] =>
    manifests.filter(({ artifactType }) => artifactType === type).map(descriptorOf);
  const named = (annotation: string): { name: string; descriptor: Descriptor }[] =>
    manifests.flatMap((entry) => {
      const name = entry.annotations?.[annotation];
      return name === undefined ? [] : [{ name, descriptor: descriptorOf(entry) }];
    });
  const [definition] = ofType(MEDIA.definition);
  const [closure] = ofType(MEDIA.closure);
  const [assets] = ofType(MEDIA.assets);
  if (definition === undefined || closure === undefined)
    return { refusal: "its index.json names no definition or no closure" };
  const document: IndexDocument = {
    definition,
    closure,
    images: named(ANNOTATION.reference).map(({ name, descriptor }) => ({ reference: name, descriptor })),
    packages: named(ANNOTATION.package),
    ...(assets === undefined ? {} : { assets }),
    blobSectionBytes: Number(annotations[ANNOTATION.blobSectionBytes]),
  };
  return indexBytes(document).equals(bytes)
    ? document
    : { refusal: "its index.json is not in the form that Skerry writes" };
}

/** The descriptors of the index, in its order. */
export function topDescriptors(document: IndexDocument): readonly Descriptor[] {
  return [
    document.definition,
    document.closure,
    ...document.images.map(({ descriptor }) => descriptor),
    ...document.packages.map(({ descriptor }) => descriptor),
    ...(document.assets === undefined ? [] : [document.assets]),
  ];
}

function plain({ mediaType, digest, size }: Descriptor): { [key: string]: JsonValue } {
  return { mediaType, digest, size };
}

function descriptorOf({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
