import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { isOperatorError, type OperatorError } from "../../../../src/lib/errors/index.ts";
import { applyPatches, contractFor, generateConfig } from "../../../../src/talos/config/index.ts";
import { nodeInput } from "../../../support/talos/node-config.ts";

function refusalOf(config: string, text: string, options: Parameters<typeof applyPatches>[2] = {}): OperatorError {
  try {
    applyPatches(config, [{ file: "gpu.yaml", text }], options);
  } catch (error) {
    if (isOperatorError(error)) return error;
    throw error;
  }
  throw new Error("was accepted");
}

const patched = (config: string, text: string): string => applyPatches(config, [{ file: "gpu.yaml", text }]);

describe("applyPatches()", () => {
  it("keeps comments and whatever the patch does not mention, as they were written", () => {
    const config = `# what this node is for
machine:
    type: worker # set by hand
    sysctls:
        a: 0777
        b: yes
        c: 1e3
        d: "010"
        e: 0x1F
        f: ~
    install:
        disk: /dev/sda
`;

    expect(patched(config, "machine: {install: {disk: /dev/vda}}")).toBe(config.replace("/dev/sda", "/dev/vda"));
  });

  it("leaves a generated config as it is when there is nothing to patch", () => {
    const config = generateConfig(nodeInput());

    expect(applyPatches(config, [])).toBe(config);
    expect(patched(config, "machine: {}")).toBe(config);
  });

  it("writes the patch's own scalars as they were written", () => {
    expect(patched("machine: {}", "machine: {sysctls: {a: 0777, b: 'yes', c: on}}")).toContain("a: 0777");
  });

  it.each([
    ["machine: {install: {disk: [a]}}", "machine.install.disk"],
    ["machine: {nodeLabels: {x: {$patch: delete}}}", "$patch: delete at machine.nodeLabels.x"],
    ["- {op: remove, path: /machine}", "RFC 6902"],
    ["", "no document"],
    ["# only a comment", "no document"],
  ])("refuses %j and says where", (text, words) => {
    const refusal = refusalOf(`${generateConfig(nodeInput())}`, text);

    expect(refusal.code).toBe("TALOS_PATCH_INVALID");
    expect(refusal.message).toContain(words);
    expect(refusal.where.file).toBe("gpu.yaml");
    expect(refusal.next.length).toBeGreaterThan(0);
  });

  it.each([
    ["a: [", "gpu.yaml:1:5"],
    ["a: 1\na: 2\n", "gpu.yaml:2:1"],
    ["a: &x {b: 1}\nc: *x\n", "gpu.yaml:2:4"],
    ["just text", "gpu.yaml"],
  ])("refuses broken YAML %j at its place", (text, place) => {
    const refusal = refusalOf("machine: {}", text);

    expect(refusal.code).toBe("DOCUMENT_INVALID");
    expect(refusal.problems[0]?.where?.file).toBe(place);
  });

  it.each([{ nested: "[".repeat(100_000) }, { nested: "{a: ".repeat(100_000) }])(
    "refuses endless nesting",
    ({ nested }) => {
      expect(refusalOf("machine: {}", nested).code).toBe("DOCUMENT_INVALID");
    },
  );

  it("refuses a document kind that the Talos version does not know", () => {
    const text = "apiVersion: v1alpha1\nkind: KubeletConfig\n";

    expect(refusalOf("machine: {}", text, { contract: contractFor("v1.13.9") }).message).toContain("KubeletConfig");
    expect(applyPatches("machine: {}", [{ file: "a", text }], { contract: contractFor("v1.14.0") })).toContain(
      "KubeletConfig",
    );
  });

  it("applies patches in order, each to what the ones before made", () => {
    const patches = ["machine: {sysctls: {a: x}}", "machine: {sysctls: {a: {$patch: delete}, b: y}}"];

    const result = applyPatches(
      "machine: {}",
      patches.map((text, index) => ({ file: `${index}`, text })),
    );

    expect(parse(result)).toEqual({ machine: { sysctls: { b: "y" } } });
  });

  it("does not follow a key named __proto__ anywhere", () => {
    const operations = '[{"op": "add", "path": "/__proto__/polluted", "value": true}]';

    expect(refusalOf("machine: {}", operations).code).toBe("TALOS_PATCH_INVALID");
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test.prop([
    fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.stringMatching(/^[a-z0-9]{1,6}[a-z]$/), { maxKeys: 6 }),
  ])("sets every key of a mapping and touches no other", (labels) => {
    const config = "machine:\n    nodeLabels:\n        KEEP: me\n";

    const result = parse(patched(config, JSON.stringify({ machine: { nodeLabels: labels } }))) as object;

    expect(result).toEqual({ machine: { nodeLabels: { KEEP: "me", ...labels } } });
  });
});
