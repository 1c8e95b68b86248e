import type { CatalogPage } from "../catalog-page.ts";

/** Error codes of the room `lib`: files, time, documents. */
export const libErrors = {
  DEADLINE_EXCEEDED: {
    exit: 4,
    doc: "Something did not happen within its time. The message repeats the last reason seen; nothing is undone, and running the same command again goes on from there.",
  },
  INTERRUPTED: {
    exit: 130,
    doc: "The run was stopped by Ctrl-C. What was finished stays finished; running the same command again resumes.",
  },
  TERMINATED: {
    exit: 143,
    doc: "The run was stopped by a termination signal. What was finished stays finished; running the same command again resumes.",
  },
  FILE_UNREADABLE: {
    exit: 3,
    doc: "A file that the command needs is missing or cannot be read. Nothing was changed.",
  },
  FILE_UNWRITABLE: {
    exit: 5,
    doc: "A file or folder could not be written, for example because the state folder is read-only or the disk is full. Choose another folder with --state-dir or make room.",
  },
  DOCUMENT_INVALID: {
    exit: 3,
    doc: "A document has unknown keys, wrong types or broken YAML. Every problem is listed as file:line:column; nothing was changed.",
  },
} as const satisfies CatalogPage;
