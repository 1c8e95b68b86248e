import { bundleErrors } from "../../../src/lib/errors/catalog/bundle.ts";
import { cliErrors } from "../../../src/lib/errors/catalog/cli.ts";
import { deployerErrors } from "../../../src/lib/errors/catalog/deployer.ts";
import { journeysErrors } from "../../../src/lib/errors/catalog/journeys.ts";
import { kubeErrors } from "../../../src/lib/errors/catalog/kube.ts";
import { labErrors } from "../../../src/lib/errors/catalog/lab.ts";
import { libErrors } from "../../../src/lib/errors/catalog/lib.ts";
import { ociErrors } from "../../../src/lib/errors/catalog/oci.ts";
import { partsErrors } from "../../../src/lib/errors/catalog/parts.ts";
import { rehearsalErrors } from "../../../src/lib/errors/catalog/rehearsal.ts";
import { siteErrors } from "../../../src/lib/errors/catalog/site.ts";
import { talosErrors } from "../../../src/lib/errors/catalog/talos.ts";
import type { CatalogPage } from "../../../src/lib/errors/index.ts";

export interface ErrorRoom {
  readonly title: string;
  readonly errors: CatalogPage;
}

/** The catalog as the reader looks through it: from the command line down to the files. */
export const errorRooms: readonly ErrorRoom[] = [
  { title: "The command line", errors: cliErrors },
  { title: "Files, documents and interruptions", errors: libErrors },
  { title: "The site", errors: siteErrors },
  { title: "Runs, phases and plans", errors: journeysErrors },
  { title: "Nodes and machine configs", errors: talosErrors },
  { title: "Bundles", errors: bundleErrors },
  { title: "Packages", errors: deployerErrors },
  { title: "Registries, images and the laptop mirror", errors: ociErrors },
  { title: "Kubernetes", errors: kubeErrors },
  { title: "Racks", errors: labErrors },
  { title: "Rehearsals", errors: rehearsalErrors },
  { title: "Parts for tests and rehearsals", errors: partsErrors },
];
