import { describe, expect, it } from "vitest";
import { openPackage } from "../../../src/deployer/package/open-package.ts";
import { publishPackage } from "../../../src/deployer/package/publish.ts";
import { parsePackageReference, registrySource } from "../../../src/deployer/package/registry-source.ts";
import { createRegistryClient, type RegistryClient } from "../../../src/oci/index.ts";
import { type FakeRegistry, startFakeRegistry } from "../../support/registry.ts";

const { signal } = new AbortController();
const trust = { allowUnsigned: true };
const fixture = (set: string, name: string) => `test/fixtures/zarf/public/${set}/zarf-package-${name}.tar.zst`;

async function withRegistry(work: (client: RegistryClient, registry: FakeRegistry) => Promise<void>): Promise<void> {
  const registry = await startFakeRegistry();
  const client = createRegistryClient({ apiRoot: registry.apiRoot });
  try {
    await work(client, registry);
  } finally {
    await client.close();
    await registry.close();
  }
}

async function publish(client: RegistryClient, path: string, tag?: string) {
  const pkg = await openPackage({ path }, { signal, trust });
  try {
    return await publishPackage(pkg, { client, namespace: "packages", ...(tag === undefined ? {} : { tag }), signal });
  } finally {
    await pkg.close();
  }
}

describe("publishPackage()", () => {
  it.each([
    [
      "manifests-images",
      "manifests-images-amd64-1.0.0",
      "1.0.0",
      "475da16119c9ec1613dcb7f621af44da9382cba8a3eb4a5515f9dba6e05ee89e",
    ],
    ["signed", "signed-amd64-1.0.0", "1.0.0", "9654a7baf8e13ddca9070cb9f57b05a937d57febda72cf7aff9a7c29d550dc7b"],
    [
      "selection",
      "selection-amd64-1.0.0-vanilla",
      "1.0.0-vanilla",
      "02f4455a0f6148a05234949b7768b443046c4f4fad97941ccd527c6f0c253557",
    ],
    [
      "selection",
      "selection-arm64-1.0.0-mint",
      "1.0.0-mint",
      "ce4127e1d9592281a68e91905a4190961086200ba9603334952250b8df3b717e",
    ],
  ])("gives %s (%s) the tag and the very index that Zarf gave it", async (set, name, tag, index) => {
    await withRegistry(async (client) => {
      expect(await publish(client, fixture(set, name))).toMatchObject({ tag, index: `sha256:${index}` });
    });
  });

  it("adds another architecture to a tag, replaces its own, and sends nothing twice", async () => {
    await withRegistry(async (client, registry) => {
      const first = await publish(client, fixture("selection", "selection-amd64-1.0.0"), "both");
      const second = await publish(client, fixture("selection", "selection-arm64-1.0.0-mint"), "both");
      const sent = registry.requests.filter(({ method }) => method === "PUT").length;
      const again = await publish(client, fixture("selection", "selection-amd64-1.0.0"), "both");

      expect(first.index).toBe("sha256:29000cbedacfffe29ca658cb4597fddd11c8200f447c96553305d635049e52ea");
      expect(second.index).toBe("sha256:0f899591e339b165ccf5af3cd09991768ac65d3aaea8f4b49b4f56eea04d241b");
      expect(again.index).toBe(second.index);
      // The manifest and the index; every blob was there.
      expect(registry.requests.filter(({ method }) => method === "PUT").length - sent).toBe(2);
    });
  });

  it("refuses a tag that is an image", async () => {
    await withRegistry(async (client, registry) => {
      registry.addImage("packages/signed", "1.0.0", []);

      await expect(publish(client, fixture("signed", "signed-amd64-1.0.0"))).rejects.toMatchObject({
        code: "PACKAGE_INVALID",
      });
    });
  });
});

describe("registrySource()", () => {
  it("opens a published package as the archive it came from, fetching only what is asked for", async () => {
    await withRegistry(async (client, registry) => {
      const path = fixture("manifests-images", "manifests-images-amd64-1.0.0");
      const { digest } = await publish(client, path);
      const archive = await openPackage({ path }, { signal, trust });
      const reference = { registry: registry.host, repository: "packages/manifests-images", reference: "1.0.0" };
      const asked = registry.requests.length;

      const source = await registrySource(client, reference, { architecture: "amd64", signal });
      const pkg = await openPackage({ published: source }, { signal, trust });

      expect([pkg.digest, pkg.name, pkg.signature]).toEqual([digest, "manifests-images", "none"]);
      expect(pkg.definition).toEqual(archive.definition);
      expect([...pkg.files].sort()).toEqual([...archive.files].sort());
      // Index, manifest, zarf.yaml, checksums.txt, images/index.json.
      expect(registry.requests.length - asked).toBe(5);
      const name = pkg.definition.components[0]?.name ?? "";
      const [own, stored] = [await pkg.component(name, { signal }), await archive.component(name, { signal })];
      expect([...own.entries]).toEqual([...stored.entries]);
      for (const [file, { type }] of own.entries)
        if (type === "file")
          expect(await own.read(file, { limitBytes: 1 << 20, signal })).toEqual(
            await stored.read(file, { limitBytes: 1 << 20, signal }),
          );
      await pkg.close();
      await archive.close();
    });
  });

  it("says which architectures there are where the one wanted is not", async () => {
    await withRegistry(async (client, registry) => {
      await publish(client, fixture("selection", "selection-arm64-1.0.0-mint"), "one");
      const reference = { registry: registry.host, repository: "packages/selection", reference: "one" };

      await expect(registrySource(client, reference, { architecture: "amd64", signal })).rejects.toMatchObject({
        code: "PACKAGE_ARCHITECTURE",
        message: expect.stringContaining("arm64") as string,
      });
    });
  });
});

describe("parsePackageReference()", () => {
  it.each([
    ["oci://registry.example/packages/web:1.0.0", "registry.example", "packages/web", "1.0.0"],
    ["oci://127.0.0.1:5000/web:1", "127.0.0.1:5000", "web", "1"],
    ["oci://defenseunicorns/init:v1", "ghcr.io", "defenseunicorns/packages/init", "v1"],
    ["oci://🦄/init:v1", "ghcr.io", "defenseunicorns/packages/init", "v1"],
  ])("reads %s", (text, registry, repository, reference) => {
    expect(parsePackageReference(text)).toEqual({ registry, repository, reference });
  });

  it.each(["oci://web:1", "oci://team/web:1", "oci://registry.example/Web:1"])("refuses %s", (text) => {
    expect(() => parsePackageReference(text)).toThrow(expect.objectContaining({ code: "REFERENCE_INVALID" }) as Error);
  });
});
