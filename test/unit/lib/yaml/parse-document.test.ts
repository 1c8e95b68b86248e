import { describe, expect, it } from "vitest";
import { z } from "zod";
import { isOperatorError, type OperatorError } from "../../../../src/lib/errors/index.ts";
import { parseYamlDocument } from "../../../../src/lib/yaml/index.ts";

const Disk = z.union([
  z.strictObject({ serial: z.string() }),
  z.strictObject({ path: z.string(), size: z.string().optional() }),
]);
const Node = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/, "use lower-case letters, digits and dashes"),
  role: z.enum(["controlplane", "worker"]),
  disk: Disk.optional(),
});
const Site = z.strictObject({
  kind: z.literal("Site"),
  port: z.int().min(1).default(5443),
  nodes: z.array(Node),
  labels: z.record(z.string().regex(/^[a-z]+$/), z.string()).optional(),
});

const parse = (text: string) => parseYamlDocument(text, { file: "site.yaml", schema: Site });

function refusal(work: () => unknown): OperatorError {
  try {
    work();
  } catch (error) {
    if (isOperatorError(error, "DOCUMENT_INVALID")) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

const problemsOf = (text: string) =>
  refusal(() => parse(text)).problems.map((problem) => [problem.where?.file, problem.message]);

describe("parseYamlDocument()", () => {
  it("gives the value with defaults applied, and its places", () => {
    const document = parse(
      "# a site\nkind: Site\nnodes:\n  - name: cp-1\n    role: controlplane\n  - {name: w-1, role: worker}\n",
    );

    expect(document.value.port).toBe(5443);
    expect(document.value.nodes.map((node) => node.name)).toEqual(["cp-1", "w-1"]);
    expect(document.where(["nodes", 1, "name"])).toBe("site.yaml:6:12");
    expect(document.where(["nodes", 0, "disk", "serial"])).toBe("site.yaml:4:5");
    expect(document.where([])).toBe("site.yaml:2:1");
  });

  it("says every problem at once, in the order of the lines", () => {
    const text =
      "kind: Sit\nprot: 1\nnodes:\n  - name: CP 1\n    role: workr\n    dsik: {}\n  - 7\n  - role: worker\nport: abc\n";

    expect(problemsOf(text)).toEqual([
      ["site.yaml:1:7", 'kind: expected "Site"; did you mean "Site"?'],
      ["site.yaml:2:1", 'prot: unknown key; did you mean "port"?'],
      ["site.yaml:4:11", "nodes[0].name: use lower-case letters, digits and dashes"],
      ["site.yaml:5:11", 'nodes[0].role: expected "controlplane" or "worker"; did you mean "worker"?'],
      ["site.yaml:6:5", 'nodes[0].dsik: unknown key; did you mean "disk"?'],
      ["site.yaml:7:5", "nodes[1]: expected object, found number"],
      ["site.yaml:8:5", "nodes[2].name: is missing"],
      ["site.yaml:9:7", "port: expected number, found string"],
    ]);
  });

  it("judges a union by the alternative that was meant", () => {
    const text =
      "kind: Site\nnodes:\n  - {name: a, role: worker, disk: {path: /dev/sda, sise: 1}}\n  - {name: b, role: worker, disk: 3}\n";

    expect(problemsOf(text)).toEqual([
      ["site.yaml:3:52", 'nodes[0].disk.sise: unknown key; did you mean "size"?'],
      ["site.yaml:4:35", "nodes[1].disk: expected object"],
    ]);
  });

  it("points at the key where a key is what is wrong", () => {
    expect(problemsOf("kind: Site\nnodes: []\nlabels:\n  a: x\n  B: y\n")[0]?.[0]).toBe("site.yaml:5:3");
  });

  it("refuses a repeated key and goes on checking", () => {
    expect(problemsOf("kind: Site\nnodes: []\nkind: Site\nbad: 1\n")).toEqual([
      ["site.yaml:3:1", "the key kind appears twice in one map"],
      ["site.yaml:4:1", "bad: unknown key"],
    ]);
  });

  it.each([
    ["an open list", "kind: [Site\n", "site.yaml:2:1"],
    ["a tab", "kind: Site\nnodes:\n\t- a\n", "site.yaml:3:1"],
    ["a second document", "kind: Site\nnodes: []\n---\nkind: Site\n", "site.yaml:3:1"],
    ["an alias without its anchor", "kind: *nowhere\nnodes: []\n", "site.yaml:1:7"],
    ["an empty file", "", "site.yaml:1:1"],
    ["a key that is a list", "? [a]\n: 1\n", "site.yaml:1:3"],
  ])("refuses %s with its place", (_, text, place) => {
    expect(refusal(() => parse(text)).where.file).toBe(place);
  });

  it.each([
    [
      "aliases that multiply",
      `a: &a [x]\n${Array.from({ length: 9 }, (_, i) => `b${i}: &b${i} [${i === 0 ? "*a" : `*b${i - 1}`}, ${"*a, ".repeat(9)}]`).join("\n")}\n`,
    ],
    ["a document nested beyond any stack", `kind: ${"[".repeat(200_000)}`],
    ["a document beyond the size limit", `kind: ${"x".repeat(1024 * 1024)}`],
  ])("refuses %s in bounded time", (_, text) => {
    const startedAt = performance.now();

    expect(refusal(() => parse(text)).code).toBe("DOCUMENT_INVALID");
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it("takes __proto__ for the unknown key that it is", () => {
    expect(problemsOf("kind: Site\nnodes: []\n__proto__: {port: 1}\n")).toEqual([
      ["site.yaml:3:1", "__proto__: unknown key"],
    ]);
  });

  it("repeats no value in its words", () => {
    const texts = [
      "kind: hunter2\nnodes: []\n",
      "kind: [hunter2\nnodes: 'hunter2\n",
      'kind: Site\nnodes: []\n"hunter2\n',
      "kind: hunter2: x\n",
    ];

    for (const text of texts) {
      const error = refusal(() => parse(text));
      expect(JSON.stringify([error.message, error.problems, error.next])).not.toContain("hunter2");
    }
  });
});
