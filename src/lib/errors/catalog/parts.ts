import type { CatalogPage } from "../catalog-page.ts";

/** Error codes of `parts`: building the real programs that tests and rehearsals run. */
export const partsErrors = {
  PARTS_BUILD_FAILED: {
    exit: 4,
    doc: "A part could not be built: the Go module proxy or the Debian archive did not answer, a sum differs from the committed one, or the compiler failed. The last lines of the tool are in the message. Parts that are finished stay in the cache; running the same command again goes on from there.",
  },
  PARTS_MACHINE_UNSUITABLE: {
    exit: 2,
    doc: "The parts run on 64-bit Intel or AMD Linux only. Nothing was built.",
  },
  PARTS_NAME_UNKNOWN: {
    exit: 2,
    doc: "A name given to --only is not in the table of parts. The message lists the names there are.",
  },
  PARTS_PORT_TAKEN: {
    exit: 4,
    doc: "The port given for the registry that plays the internet is used by another program. Choose another port, or leave it out and a free one is taken.",
  },
  PARTS_REGISTRY_FAILED: {
    exit: 7,
    doc: "The registry that plays the internet ended early, did not answer in time, or refused an image. Its own last lines are in the message.",
  },
  PARTS_TOOL_MISSING: {
    exit: 2,
    doc: "A program that building the parts needs is not on this machine, or is too old. The message says which, and how to get it. Nothing was changed.",
  },
} as const satisfies CatalogPage;
