import { code, page, table } from "./markdown.ts";
import { otherDifferences, type ZarfDifference, zarfDifferences } from "./zarf-differences.ts";

const groups: readonly (readonly [ZarfDifference["about"], string])[] = [
  ["cluster", "In the cluster"],
  ["file", "In files"],
  ["refusal", "What one accepts and the other refuses"],
];

/** zarf-compatibility.md: what differs from real Zarf; the tests that compare hold the list to what they find. */
export function zarfPage(): string {
  return page("Zarf compatibility", "docs/reference/generator/zarf-differences.ts", [
    "Skerry deploys packages that [Zarf](https://github.com/zarf-dev/zarf/tree/v0.84.0) v0.84.0 made, and Zarf those that Skerry made. Both can look after one cluster in turn: names of releases, records, labels, secrets, image tags and field managers are the same.",
    "Each package that real Zarf deployed for the tests, step by step, is deployed again by Skerry into a real Kubernetes API server; every object of the cluster, every file, image and Git reference that is there afterwards is compared with what Zarf left. What is not on this page is equal. Left out of the comparison are what servers count or choose (uids, resource versions, times, addresses, random ends of names), `status`, the style of YAML in release records, Events, EndpointSlices, ControllerRevisions and what controllers make in every namespace.",
    ...groups.flatMap(([about, title]) => [`## ${title}`, rows(about)]),
    "## On purpose, beyond what is compared",
    table(["Zarf", "Skerry", "because"], otherDifferences),
  ]);
}

function rows(about: ZarfDifference["about"]): string {
  const differences: readonly ZarfDifference[] = zarfDifferences;
  return table(
    ["", "Zarf", "Skerry", "because"],
    differences
      .filter((difference) => difference.about === about)
      .map(({ id, zarf, skerry, why }) => [code(id), zarf, skerry, why]),
  );
}
