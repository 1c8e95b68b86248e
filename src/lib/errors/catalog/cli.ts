import type { CatalogPage } from "../catalog-page.ts";

/** Error codes of the room `cli`. */
export const cliErrors = {
  USAGE_UNKNOWN_COMMAND: {
    exit: 2,
    doc: "The command does not exist. The message says what was probably meant. Nothing was done.",
  },
  USAGE_INVALID: {
    exit: 2,
    doc: "A flag or an argument is unknown, missing, of the wrong form, or does not go together with another. Nothing was done.",
  },
  USAGE_BUNDLE_UNCLEAR: {
    exit: 2,
    doc: "No bundle was named and there is none, or more than one, in the places that are looked at. Name it with --bundle. Nothing was done.",
  },
  USAGE_SITE_MISSING: {
    exit: 2,
    doc: "No site was named and this folder has no site.yaml, or no rack has the name given. Name a site with --site or a rack with --rack. Nothing was done.",
  },
  CONFIRMATION_NEEDED: {
    exit: 2,
    doc: "The command would change machines or a cluster and nobody can be asked, because there is no terminal or --no-input was given. Look at the plan with --dry-run, then run the command with --yes. Nothing was done.",
  },
  CONFIRMATION_REFUSED: {
    exit: 2,
    doc: "The plan was shown and the answer was no. Nothing was done.",
  },
  FILE_EXISTS: {
    exit: 2,
    doc: "A file that would have been written is there already, and it is not overwritten. Move it away or choose another folder. Nothing was done.",
  },
  SITE_UNHEALTHY: {
    exit: 7,
    doc: "`skerry status` found something that is not as it should be; every finding is listed. Nothing was changed.",
  },
} as const satisfies CatalogPage;
