import { describe, expect, it } from "vitest";
import {
  type Declarations,
  environmentLayers,
  parseAssignments,
  type ResolveOptions,
  resolveVariables,
  type VariableLayer,
} from "../../../../src/deployer/templates/index.ts";
import { isOperatorError, type OperatorError } from "../../../../src/lib/errors/index.ts";
import { patternEngine } from "../../../support/pattern-engine.ts";

const declared: Declarations = {
  packageName: "demo",
  variables: [
    { name: "DOMAIN", default: "example.org", pattern: "^[a-z.0-9-]+$" },
    { name: "PASSWORD", sensitive: true, prompt: true },
    { name: "CERT", type: "file", autoIndent: true },
  ],
  constants: [{ name: "TITLE", value: "Demo", pattern: "^D" }],
  otherNames: ["LINE"],
};

const given = (values: Readonly<Record<string, string>>): VariableLayer => ({
  origin: { kind: "given" },
  values,
  isForThisPackage: true,
});
const config = (values: Readonly<Record<string, string>>): VariableLayer => ({
  origin: { kind: "config", file: "zarf-config.toml" },
  values,
});

async function resolved(layers: readonly VariableLayer[], more: Partial<ResolveOptions> & { of?: Declarations } = {}) {
  const { of, ...options } = more;
  const signal = new AbortController().signal;
  return await resolveVariables(of ?? declared, { layers, engine: patternEngine, signal, ...options });
}

async function refusal(...how: Parameters<typeof resolved>): Promise<OperatorError> {
  const error: unknown = await resolved(...how).catch((caught: unknown) => caught);
  if (isOperatorError(error)) return error;
  throw new Error("nothing was refused");
}

describe("resolveVariables()", () => {
  it("takes the first layer that has a value, then the default, then nothing", async () => {
    const layers = [given({ domain: "a.example" }), config({ DOMAIN: "b.example", CERT: "tls.pem" })];

    const { variables, constants } = await resolved(layers);

    expect(Object.fromEntries(variables)).toEqual({
      DOMAIN: { value: "a.example", origin: { kind: "given" }, type: "raw", autoIndent: false, isSensitive: false },
      PASSWORD: { value: "", origin: { kind: "default" }, type: "raw", autoIndent: false, isSensitive: true },
      CERT: { value: "tls.pem", origin: config({}).origin, type: "file", autoIndent: true, isSensitive: false },
    });
    expect(Object.fromEntries(constants)).toEqual({ TITLE: { value: "Demo", autoIndent: false } });
  });

  it("asks a person for what nobody gave, and only where the package says so", async () => {
    const asked: string[] = [];
    const prompt = async ({ name }: { readonly name: string }): Promise<string> => {
      asked.push(name);
      return await Promise.resolve("typed");
    };

    const { variables } = await resolved([], { prompt });
    await resolved([{ origin: { kind: "secrets", file: "s.age" }, values: { PASSWORD: "x" } }], { prompt });

    expect(variables.get("PASSWORD")).toMatchObject({ value: "typed", origin: { kind: "prompt" }, isSensitive: true });
    expect(asked).toEqual(["PASSWORD"]);
  });

  it.each([
    ["the command line", given({ password: "hunter2" })],
    ["the environment", environmentLayers({ SKERRY_VAR_PASSWORD: "hunter2" })[0] ?? given({})],
    ["Zarf's environment", environmentLayers({ ZARF_PACKAGE_DEPLOY_SET: '{"password":"hunter2"}' })[0] ?? given({})],
    ["site.yaml", { origin: { kind: "site" as const, file: "site.yaml" }, values: { password: "hunter2" } }],
  ])("refuses a sensitive value from %s, without repeating it", async (_, layer) => {
    const error = await refusal([layer]);

    expect(error.code).toBe("PACKAGE_VARIABLE_EXPOSED");
    expect(JSON.stringify([error.message, error.problems, error.next])).not.toContain("hunter2");
  });

  it("takes a sensitive value from a file", async () => {
    const { variables } = await resolved([{ origin: { kind: "secrets", file: "s.age" }, values: { PASSWORD: "x" } }]);

    expect(variables.get("PASSWORD")).toMatchObject({ value: "x", isSensitive: true });
  });

  it("lists every problem, never with a value", async () => {
    const of = { ...declared, constants: [{ name: "TITLE", value: "Demo", pattern: "(" }] };

    const error = await refusal([given({ DOMAIN: "NOT OK", DOMAIM: "x", LINE: "set by an action" })], { of });

    expect(error.code).toBe("PACKAGE_VARIABLE_INVALID");
    expect(error.problems).toHaveLength(3);
    expect(error.message).toContain("did you mean DOMAIN?");
    expect(error.message).not.toContain("NOT OK");
  });

  it("leaves names in files that serve many packages alone", async () => {
    const { variables } = await resolved([config({ OTHER: "x" })]);

    expect(variables.get("OTHER")?.value).toBe("x");
  });

  it("holds a value that only somebody can give against its pattern once it is needed", async () => {
    const of = { ...declared, variables: [{ name: "NODE", pattern: "^node-" }] };

    await expect(resolved([], { of, mayLack: true })).resolves.toBeDefined();
    expect((await refusal([], { of })).code).toBe("PACKAGE_VARIABLE_INVALID");
  });
});

describe("parseAssignments()", () => {
  it.each([
    [["A=1"], { A: "1" }],
    [["A=x,y"], { A: "x,y" }],
    [["A=1,B=2"], { A: "1", B: "2" }],
    [['"A=x,y",B=a=b'], { A: "x,y", B: "a=b" }],
    [['"A=say ""hi"", you",B=2'], { A: 'say "hi", you', B: "2" }],
    [["A=1", "A=2", "B="], { A: "2", B: "" }],
    [["A=two\nlines"], { A: "two\nlines" }],
  ])("reads %j", (texts, expected) => {
    expect(parseAssignments(texts, "--set")).toEqual(expected);
  });

  it.each(["A", "=1", "A=1,B,C=2"])("refuses %j", (text) => {
    expect(() => parseAssignments([text], "--set")).toThrow(expect.objectContaining({ code: "USAGE_INVALID" }));
  });
});
