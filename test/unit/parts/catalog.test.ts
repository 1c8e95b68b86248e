import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { binaryName, findPart, type Part, parts } from "../../../parts/catalog.ts";
import { images, partsOfImages } from "../../../parts/image-catalog.ts";

const goMod = (part: Part): Promise<string> =>
  readFile(new URL(`../../../parts/${part.folder}/go.mod`, import.meta.url), "utf8");

describe("parts", () => {
  it("have names of their own", () => {
    expect(new Set(parts.map((part) => part.name)).size).toBe(parts.length);
  });

  it.each(parts.map((part) => [part.name, part] as const))(
    "%s has the version that its go.mod pins",
    async (_, part) => {
      const text = await goMod(part);

      if (part.module.startsWith("skerry.dev/")) expect(text).toContain(`module ${part.module}\n`);
      else expect(text).toMatch(new RegExp(`^(require |\\t)${part.module} ${part.version}$`, "m"));
    },
  );

  it("replaces all 33 staging modules of Kubernetes with the tags of one release", async () => {
    const kubernetes = findPart("kubectl");
    if (kubernetes === undefined) throw new Error("no kubectl");
    const minor = kubernetes.version.replace(/^v1\./, "v0.");

    const replaced = [...(await goMod(kubernetes)).matchAll(/^\tk8s\.io\/(\S+) => k8s\.io\/(\S+) (\S+)$/gm)];

    expect(replaced).toHaveLength(33);
    for (const [, from, to, version] of replaced) {
      expect(to).toBe(from);
      expect(version).toBe(minor);
    }
  });

  it("stamp Kubernetes programs with the version that clients see", () => {
    expect(findPart("kube-apiserver")?.stamp).toEqual(
      expect.arrayContaining([
        "k8s.io/component-base/version.gitVersion=v1.36.3",
        "k8s.io/component-base/version.gitMajor=1",
        "k8s.io/component-base/version.gitMinor=36",
      ]),
    );
  });
});

describe("binaryName()", () => {
  it("adds the architecture to every binary but the first", () => {
    const pause = findPart("pause");
    if (pause === undefined) throw new Error("no pause");

    expect(binaryName(pause, "amd64")).toBe("pause");
    expect(binaryName(pause, "arm64")).toBe("pause-arm64");
  });
});

describe("images", () => {
  it("have full references of their own: host, repository and tag", () => {
    const references = images.map((image) => image.reference);

    expect(new Set(references).size).toBe(references.length);
    for (const reference of references) expect(reference).toMatch(/^[a-z0-9-]+(\.[a-z0-9-]+)+(\/[a-z0-9-]+)+:[\w.-]+$/);
  });

  it("are of several architectures only where the parts in them are", () => {
    const several = images.filter((image) => image.architectures.length > 1);

    expect(several.map((image) => image.reference)).toEqual(["registry.k8s.io/pause:3.10.1"]);
    for (const file of several.flatMap((image) => image.layers.flat())) {
      if (file.kind === "part") expect(findPart(file.part)?.architectures).toEqual(["amd64", "arm64"]);
    }
  });

  it("have the program they start in one of their layers, unless they are stand-ins", () => {
    for (const image of images.filter((row) => row.standIn === undefined)) {
      const [program = ""] = image.entrypoint;
      const files = image.layers.flat().flatMap((file) => (file.kind === "part" ? [file.path] : []));
      expect(files.some((path) => path === program || path.endsWith(`/${program}`))).toBe(true);
    }
  });

  it("carry the version of the Kubernetes part as their tag", () => {
    const tags = images.filter((image) => /\/kube/.test(image.reference)).map((image) => image.reference.split(":")[1]);

    expect(tags).toHaveLength(5);
    expect(new Set(tags)).toEqual(new Set([findPart("kubelet")?.version]));
  });

  it("do not need kubectl", () => {
    expect(partsOfImages()).not.toContain("kubectl");
    expect(partsOfImages()).toContain("kube-apiserver");
  });
});
