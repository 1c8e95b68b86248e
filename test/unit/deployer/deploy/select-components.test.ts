import { describe, expect, it } from "vitest";
import { matchesGlob } from "../../../../src/deployer/deploy/glob.ts";
import { type Selectable, selectComponents } from "../../../../src/deployer/deploy/select-components.ts";

/** The package `selection` of the fixtures, as it is for amd64. */
const components: readonly Selectable[] = [
  { name: "always", required: true, default: false },
  { name: "preset", default: true },
  { name: "choice", default: false },
  { name: "choice-two", required: false, default: false },
  { name: "group-a", group: "letters", default: false },
  { name: "group-b", group: "letters", default: true },
  { name: "other-x", group: "others", default: false },
  { name: "other-y", group: "others", default: true },
  { name: "by-arch", required: true, default: false },
  { name: "by-distro", required: true, default: false },
  { name: "on-linux", required: true, default: false, only: { localOS: "linux" } },
  { name: "on-windows", required: true, default: false, only: { localOS: "windows" } },
  { name: "unflavored", required: true, default: false },
];
const fixed = ["by-arch", "by-distro", "on-linux", "unflavored"];
const select = async (requested: readonly string[], of = components) =>
  (await selectComponents(of, { requested, localOs: "linux" })).map(({ name }) => name);

describe("selectComponents()", () => {
  // Recorded from Zarf v0.84.0.
  it.each([
    ["", ["always", "preset", "group-b", "other-y", ...fixed]],
    ["choice,group-a", ["always", "preset", "choice", "group-a", "other-y", ...fixed]],
    ["choice*,-preset", ["always", "choice", "choice-two", "group-b", "other-y", ...fixed]],
    ["-preset", ["always", "group-b", "other-y", ...fixed]],
    ["-always", ["always", "preset", "group-b", "other-y", ...fixed]],
  ])("takes for %j what Zarf takes", async (list, expected) => {
    expect(await select(list.split(","))).toEqual(expected);
  });

  it.each([
    ["group-a,group-b", "two of a group"],
    ["*", "all of a group"],
    ["choce", "a name that fits nothing"],
    ["-choce", "a name to leave out that fits nothing"],
    ["on-windows", "a component of another system"],
  ])("refuses %j: %s", async (list) => {
    await expect(select(list.split(","))).rejects.toMatchObject({ code: "DEPLOY_SELECTION_INVALID" });
  });

  it("says what was meant by a misspelt name", async () => {
    await expect(select(["choce"])).rejects.toMatchObject({ next: ["name one of: preset, choice, choice-two"] });
  });

  it("leaves out before it takes in, whatever the order", async () => {
    expect(await select(["choice", "-choice*"])).not.toContain("choice");
  });

  it("refuses a group without a default of which nothing was chosen", async () => {
    const pair = [
      { name: "a", group: "g", default: false },
      { name: "b", group: "g", default: false },
    ];

    await expect(select([], pair)).rejects.toMatchObject({ code: "DEPLOY_SELECTION_INVALID" });
    expect(await select(["b"], pair)).toEqual(["b"]);
  });

  it("asks for what is optional, and nothing else", async () => {
    const asked: string[] = [];
    const taken = await selectComponents(components, {
      requested: [],
      localOs: "linux",
      questions: {
        include: async ({ name }) => {
          asked.push(name);
          return name === "choice";
        },
        choose: async (group, members) => {
          asked.push(group);
          return members[0]?.name ?? "";
        },
      },
    });

    expect(asked).toEqual(["preset", "choice", "choice-two", "letters", "others"]);
    expect(taken.map(({ name }) => name)).toEqual(["always", "choice", "group-a", "other-x", ...fixed]);
  });
});

describe("matchesGlob()", () => {
  it.each([
    ["choice*", "choice-two", true],
    ["choice", "choice-two", false],
    ["*", "a/b", false],
    ["a?c", "abc", true],
    ["a.c", "abc", false],
    ["[a-c]x", "bx", true],
    ["[^a-c]x", "bx", false],
    ["[a-c", "a", false],
    ["[]a]", "a", false],
    ["a\\*", "a*", true],
    ["a\\*", "ab", false],
    ["a-b", "a-b", true],
  ])("%j and %j: %s", (pattern, name, expected) => {
    expect(matchesGlob(pattern, name)).toBe(expected);
  });
});
