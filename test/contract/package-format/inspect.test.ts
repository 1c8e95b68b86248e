import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  listedImages,
  listedValuesFiles,
  packageDocuments,
} from "../../../src/deployer/package/inspect/describe-package.ts";
import { packageSboms } from "../../../src/deployer/package/inspect/sbom-files.ts";
import { type OpenPackage, openPackage } from "../../../src/deployer/package/open-package.ts";
import { digestOf } from "../../../src/oci/index.ts";
import { recordedPackages } from "../../support/package-fixtures.ts";

const { signal } = new AbortController();

async function opened<T>(name: string, work: (pkg: OpenPackage) => Promise<T>): Promise<T> {
  const { path = "" } = recordedPackages().find((recorded) => recorded.name === name) ?? {};
  const pkg = await openPackage({ path }, { signal, trust: { allowUnsigned: true } });
  try {
    return await work(pkg);
  } finally {
    await pkg.close();
  }
}

describe("listedImages()", () => {
  it.each(recordedPackages().map(({ name, inspect }) => [name, inspect]))(
    "lists those of %s as Zarf does",
    async (name, file) => {
      const recorded = JSON.parse(readFileSync(file, "utf8")) as { images: { stdout: string } };

      await opened(name, (pkg) => {
        expect(listedImages(pkg.definition)).toEqual(parse(recorded.images.stdout) ?? []);
        return Promise.resolve();
      });
    },
  );
});

describe("listedValuesFiles()", () => {
  it.each(["zarf-package-values-docs-import-amd64-1.0.0", "zarf-package-helm-local-amd64-2.3.4-rc.1"])(
    "finds every file where %s stores it, templated ones last",
    async (name) => {
      await opened(name, async (pkg) => {
        const files = listedValuesFiles(pkg.definition);

        expect(files.length).toBeGreaterThan(1);
        for (const { component } of files) {
          const { entries } = await pkg.component(component, { signal });
          const stored = [...entries.keys()].filter((path) => path.startsWith("values/"));
          expect(stored).toEqual(
            files
              .filter((file) => file.component === component)
              .map(({ path }) => path)
              .sort(),
          );
        }
      });
    },
  );
});

describe("packageDocuments()", () => {
  it("gives what Zarf unpacks, and nothing where there is none", async () => {
    const read = async (pkg: OpenPackage) => {
      const found: Record<string, string> = {};
      for await (const { name, bytes } of packageDocuments(pkg, { signal })) found[name] = bytes.toString();
      return found;
    };

    expect(await opened("zarf-package-values-docs-import-amd64-1.0.0", read)).toEqual({
      "guide.md": "# Guide\n",
      "other-readme-README.md": "# Other\n",
      "readme-README.md": "# Readme\n",
    });
    expect(await opened("zarf-package-signed-amd64-1.0.0", read)).toEqual({});
  });
});

/** A package whose sboms.tar holds these documents. */
async function packageWith(documents: Readonly<Record<string, unknown>>) {
  const archive = pack();
  archive.entry({ name: ".", type: "directory" });
  for (const [name, document] of Object.entries(documents))
    archive.entry({ name }, typeof document === "string" ? document : JSON.stringify(document));
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) chunks.push(chunk as Uint8Array);
  const bytes = Buffer.concat(chunks);
  return await opened("zarf-package-sbom-amd64-1.0.0", (pkg) =>
    Promise.resolve({
      ...pkg,
      files: new Map([["sboms.tar", { sizeBytes: bytes.length, digest: digestOf(bytes) }]]),
      openFile: async function* () {
        yield bytes;
      },
    }),
  );
}

const nginx = {
  source: { name: "docker.io/library/nginx", version: "1.27", type: "image" },
  distro: { prettyName: "Debian GNU/Linux 12 (bookworm)" },
  artifacts: [
    {
      id: "b",
      name: "zlib1g",
      version: "1:1.2.13",
      type: "deb",
      purl: "pkg:deb/debian/zlib1g@1.2.13",
      licenses: [{ value: "Zlib", spdxExpression: "Zlib", type: "declared" }],
    },
    { id: "a", name: "bash", version: "5.2", type: "deb", licenses: ["GPL-3+ <odd>"] },
    {
      id: "c",
      name: "openssl",
      version: "3.0",
      type: "deb",
      licenses: [{ spdxExpression: "Apache-2.0" }, { spdxExpression: "MIT OR BSD-3-Clause" }],
    },
    { id: "d", name: "<script>alert(1)</script>", version: "", type: "binary", licenses: null },
  ],
};

const fileOf = (sboms: Awaited<ReturnType<typeof packageSboms>>, name: string): string =>
  sboms.files.find((file) => file.name === name)?.bytes.toString() ?? "";

describe("packageSboms()", () => {
  it("gives a page and two files for every image and component of a package that Zarf made", async () => {
    const sboms = await opened("zarf-package-sbom-amd64-1.0.0", (pkg) => packageSboms(pkg, { signal }));

    expect(sboms.sboms.map(({ kind, subject }) => [kind, subject.replace(/sha256:[0-9a-f]+/, "…")])).toEqual([
      ["image", "127.0.0.1:5055/demo/base:1.0.0"],
      ["image", "127.0.0.1:5055/demo/multi@… (linux/amd64)"],
      ["image", "127.0.0.1:5055/demo/multi@… (linux/arm64/v8)"],
      ["files", "component with-sbom"],
    ]);
    expect(sboms.files).toHaveLength(9);
    expect(fileOf(sboms, "index.html")).toContain("127.0.0.1:5055/demo/base:1.0.0");
  });

  it("gives the same bytes for the same package", async () => {
    const make = () => opened("zarf-package-sbom-amd64-1.0.0", (pkg) => packageSboms(pkg, { signal }));

    expect((await make()).files).toEqual((await make()).files);
  });

  it("says licences in the words of each format", async () => {
    const sboms = await packageSboms(await packageWith({ "nginx.json": nginx }), { signal });
    const cyclone = JSON.parse(fileOf(sboms, "nginx.cdx.json")) as {
      components: { name: string; licenses?: unknown }[];
    };
    const spdx = JSON.parse(fileOf(sboms, "nginx.spdx.json")) as {
      packages: { name: string; licenseDeclared?: string }[];
      hasExtractedLicensingInfos: unknown;
      relationships: unknown[];
    };

    expect(cyclone.components.map(({ name, licenses }) => [name, licenses])).toEqual([
      ["<script>alert(1)</script>", undefined],
      ["bash", [{ license: { name: "GPL-3+ <odd>" } }]],
      ["openssl", [{ expression: "Apache-2.0 AND (MIT OR BSD-3-Clause)" }]],
      ["zlib1g", [{ expression: "Zlib" }]],
    ]);
    expect(spdx.packages.map(({ licenseDeclared }) => licenseDeclared)).toEqual([
      undefined,
      "NOASSERTION",
      "LicenseRef-GPL-3-odd--1",
      "Apache-2.0 AND (MIT OR BSD-3-Clause)",
      "Zlib",
    ]);
    expect(spdx.hasExtractedLicensingInfos).toMatchObject([{ extractedText: "GPL-3+ <odd>" }]);
    expect(spdx.relationships).toHaveLength(5);
  });

  it("gives SPDX and CycloneDX by their rules", async () => {
    const sboms = await packageSboms(await packageWith({ "nginx.json": nginx }), { signal });
    const ajv = new Ajv({ strict: false, validateFormats: false });
    const id = { type: "string", pattern: "^SPDXRef-[A-Za-z0-9.-]+$" };
    const isSpdx = ajv.compile({
      type: "object",
      required: ["spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo", "packages"],
      properties: {
        packages: {
          items: { required: ["SPDXID", "name", "downloadLocation"], properties: { SPDXID: id } },
        },
        hasExtractedLicensingInfos: {
          items: { properties: { licenseId: { pattern: "^LicenseRef-[A-Za-z0-9.-]+$" } } },
        },
      },
    });
    const isCyclone = ajv.compile({
      type: "object",
      required: ["bomFormat", "specVersion"],
      properties: {
        serialNumber: { pattern: "^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$" },
        components: { items: { required: ["type", "name"] } },
      },
    });

    expect(isSpdx(JSON.parse(fileOf(sboms, "nginx.spdx.json")))).toBe(true);
    expect(isCyclone(JSON.parse(fileOf(sboms, "nginx.cdx.json")))).toBe(true);
  });

  it("shows foreign words as words, and asks nothing of the network", async () => {
    const page = fileOf(await packageSboms(await packageWith({ "nginx.json": nginx }), { signal }), "index.html");

    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(page).not.toMatch(/<script|https?:\/\/|<img|<link/);
    expect(page).toContain("default-src &#39;none&#39;".replaceAll("&#39;", "'"));
    expect(page).toContain("no licence found");
  });

  it("says so where the package has none, and names its images", async () => {
    const sboms = await opened("zarf-package-manifests-images-amd64-1.0.0", (pkg) => packageSboms(pkg, { signal }));

    expect([sboms.sboms, sboms.files.map(({ name }) => name)]).toEqual([[], ["index.html"]]);
    expect(fileOf(sboms, "index.html")).toMatch(/no bill of materials[\s\S]*ghcr\.io\/stefanprodan\/podinfo:6\.3\.3/);
  });

  it.each([
    ["text that is not JSON", { "a.json": "{" }],
    ["JSON of something else", { "a.json": { artifacts: "many" } }],
    ["a name that leaves its folder", { "../a.json": {} }],
    ["a name in a folder", { "b/a.json": {} }],
  ])("refuses %s", async (_what, documents) => {
    await expect(packageSboms(await packageWith(documents), { signal })).rejects.toMatchObject({
      code: "PACKAGE_INVALID",
    });
  });
});
