import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRehearsalDesk, type RehearsalDesk } from "../support/rehearsal-desk.ts";
import { skerry } from "../support/skerry.ts";

let desk: RehearsalDesk;

beforeAll(async () => {
  desk = await openRehearsalDesk();
});
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]();
});

/** What `--json` prints of one run, as far as it is looked at here. */
interface Document {
  readonly kind: string;
  readonly exitCode: number;
  readonly version: number;
  readonly end: { readonly outcome: string; readonly exitCode: number };
  readonly faults: readonly { readonly fault: string; readonly struckMs?: number }[];
  readonly runs: readonly { readonly seed: number; readonly end: { readonly exitCode: number } }[];
  readonly error?: { readonly code: string };
}

const run = async (line: string) =>
  await skerry(["rehearse", "up", ...line.split(" ").filter((word) => word !== "")], {
    cwd: desk.folder,
    stateDir: join(desk.folder, "state"),
    env: { XDG_CACHE_HOME: join(desk.folder, "cache") },
  });
const json = async (line: string) => {
  const result = await run(`${line} --json`);
  return { ...result, document: JSON.parse(result.stdout) as Document };
};

describe("skerry rehearse up", () => {
  it("tells a run without faults, phase by phase, and how to repeat it", async () => {
    // What Node keeps of compiled code is not of this run.
    const files = async () =>
      (await readdir(desk.folder, { recursive: true })).filter((name) => !/^cache\b/.test(name));
    const before = await files();

    const { code, stdout } = await run("--faults none");

    expect(code).toBe(0);
    expect(stdout).toContain("Rehearsal of up for rock, seed 1: 3 + 2 simulated machines, in virtual time");
    expect(stdout).toContain("Faults: none");
    expect(stdout).toMatch(/^Bootstrap etcd +/m);
    expect(stdout).toContain("5 of 5 nodes Ready");
    expect(stdout.split("\n").at(-1)).toBe("Repeat: skerry rehearse up --seed 1 --faults none");
    // No state, no secrets, no records.
    expect(await files()).toEqual(before);
  });

  it("prints the same bytes for the same seed in another process, as text and as JSON", async () => {
    const [text, again, document, documentAgain] = await Promise.all([
      run("--seed 7 --faults many"),
      run("--seed 7 --faults many"),
      run("--seed 7 --faults many --json"),
      run("--seed 7 --faults many --json"),
    ]);

    expect(again.stdout).toBe(text.stdout);
    expect(documentAgain.stdout).toBe(document.stdout);
    expect(text.code).toBe(document.code);
    expect((await run("--seed 8 --faults many")).stdout).not.toBe(text.stdout);
  });

  it("ends with the exit code that up would have had", async () => {
    const { code, stdout, document } = await json("--fault dead=w-1");

    expect(code).toBe(9);
    expect(document).toMatchObject({ kind: "Rehearsal", version: 1, exitCode: 9, end: { outcome: "nodes set aside" } });
    expect(document.faults).toEqual([{ fault: "dead=w-1", struckMs: 0 }]);
    expect(stdout).not.toContain("PRIVATE KEY");
  });

  it("rehearses seeds in a row, and tells the worst in full under the table", async () => {
    const { code, stdout } = await run("--seed 3 --runs 4 --faults many");
    const { document } = await json("--seed 3 --runs 4 --faults many");

    expect(stdout).toMatch(/^4 rehearsals of up for rock: /);
    expect(stdout).toMatch(/^SEED +EXIT +TOOK +END +FAULTS$/m);
    expect(document.kind).toBe("Rehearsals");
    expect(document.runs.map(({ seed }) => seed)).toEqual([3, 4, 5, 6]);
    expect(document.runs.map(({ end }) => end.exitCode)).toContain(code);
  });

  it.each([
    ["--fault burn=w-1", "REHEARSAL_FAULT_UNKNOWN"],
    ["--fault dead=w-9", "REHEARSAL_FAULT_UNKNOWN"],
    ["--fault image-missing=docker.io/library/other:1", "REHEARSAL_FAULT_UNKNOWN"],
    ["--faults some", "USAGE_INVALID"],
    ["--faults many --fault dead=w-1", "USAGE_INVALID"],
    ["--seed x", "USAGE_INVALID"],
    ["--runs 0", "USAGE_INVALID"],
  ])("refuses %s", async (line, code) => {
    const result = await json(line).catch(async () => await run(line));

    expect(result.code).toBe(2);
    expect(result.stderr).toContain(code);
  });

  it("refuses a bundle that the site does not trust, as up does", async () => {
    const site = await desk.site(1, 1, "stranger/site.yaml");
    await writeFile(join(desk.folder, "stranger", "rock.pub"), otherKey);

    const { code, document } = await json(`--site ${site} --bundle ${desk.bundleFile}`);

    expect({ code, error: document.error?.code }).toEqual({ code: 6, error: "BUNDLE_KEY_UNKNOWN" });
  });
});

const otherKey = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
`;
