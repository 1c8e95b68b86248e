import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryFiles, root } from "./doc-files.ts";

/** A path below a home or a work folder of one machine, as a person's editor or a tool's output leaves it behind. */
const machinePath = /(?<![\w.$~}-])\/(?:home|root|Users|work|workspace|mnt|private)\/[\w.-]+/g;

/** Places that are meant: a user of an image, and examples of what redaction leaves alone or where hierarchies are mounted. */
const meant: Readonly<Record<string, readonly string[]>> = {
  // Below the /proc folder of a process.
  "docs/decisions/0005-contained-rack.md": ["/root/run"],
  "parts/image-catalog.ts": ["/home/nonroot"],
  "test/unit/lab/contained/cgroups.test.ts": ["/mnt/control"],
  "test/unit/lib/errors/redact.test.ts": ["/root/state"],
};

test("no page, program or document holds a path of one machine", () => {
  const files = repositoryFiles([
    "*.{md,json,js,ts}",
    "{src,parts,test,bench,docs}/**/*.{md,ts,json,sh,go,yaml,yml}",
    "{proto,machineconfigs,bundles}/**/*",
  ]);
  expect(files.length).toBeGreaterThan(100);
  // This file names what is meant elsewhere.
  const others = files.filter(({ path }) => join(root, path) !== import.meta.filename);
  const found = others.flatMap(({ path, text }) =>
    [...text.matchAll(machinePath)]
      .map(([match]) => `${path}: ${match}`)
      .filter((line) => !(meant[path] ?? []).some((allowed) => line === `${path}: ${allowed}`)),
  );
  expect(found).toEqual([]);
});

test("such a path would be found", () => {
  const text = ["see", ["", "home", "ann", "skerry"].join("/")].join(" ");
  expect(text.match(machinePath)).toEqual([["", "home", "ann"].join("/")]);
});
