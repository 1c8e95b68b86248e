import { isOperatorError } from "../../lib/errors/index.ts";
import type { ContentStore } from "./content-store.ts";
import type { Descriptor } from "./descriptor.ts";
import { parseReference, type Reference } from "./reference.ts";

/** The annotation that names an image in an index. @see https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md */
export const refNameAnnotation = "org.opencontainers.image.ref.name";

interface NamedDescriptor {
  readonly reference: Reference;
  readonly descriptor: Descriptor;
}

/**
 * The half of a ContentStore that answers by name, over the entries of an index that carry a full reference. A repository that
 * two registries have, asked for without a registry, is the one that comes first.
 */
export function referencesOf(entries: readonly Descriptor[]): Pick<ContentStore, "resolve" | "tags"> {
  const named = entries.flatMap(entryOf);
  const byRepository = Map.groupBy(named, ({ reference }) => reference.repository);
  const of = (repository: string, registry: string | undefined): readonly NamedDescriptor[] =>
    (byRepository.get(repository) ?? []).filter(
      ({ reference }) => registry === undefined || reference.registry === registry,
    );
  return {
    resolve: async ({ registry, repository, reference: wanted }) =>
      of(repository, registry).find(
        ({ reference, descriptor }) => reference.tag === wanted || descriptor.digest === wanted,
      )?.descriptor,
    tags: async ({ registry, repository }) => {
      const found = of(repository, registry);
      if (found.length === 0) return undefined;
      return [...new Set(found.flatMap(({ reference }) => (reference.tag === undefined ? [] : [reference.tag])))];
    },
  };
}

function entryOf(descriptor: Descriptor): readonly NamedDescriptor[] {
  const name = descriptor.annotations?.[refNameAnnotation];
  if (name === undefined) return [];
  try {
    return [{ reference: parseReference(name), descriptor }];
  } catch (error) {
    // Other tools write any text there; such an entry is there by digest only.
    if (isOperatorError(error, "REFERENCE_INVALID")) return [];
    throw error;
  }
}
