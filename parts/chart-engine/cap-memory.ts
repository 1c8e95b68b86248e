import { type Section, sectionIds, unsigned } from "./wasm-file.ts";

const PAGE_BYTES = 64 * 1024;

/**
 * Gives the memory of a module an upper limit, which Go does not write: an engine that wants more fails by itself,
 * instead of taking 4 GiB of the machine.
 *
 * @see https://webassembly.github.io/spec/core/binary/modules.html#memory-section
 */
export function capMemory(sections: readonly Section[], maxBytes: number): readonly Section[] {
  return sections.map((section) => {
    if (section.id !== sectionIds.memory) return section;
    const [count, flags, ...least] = section.body;
    if (count !== 1 || flags !== 0) throw new Error("the module has not one memory without an upper limit");
    return { id: section.id, body: Uint8Array.of(1, 1, ...least, ...unsigned(maxBytes / PAGE_BYTES)) };
  });
}
