import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdir, open, readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleKeys } from "../support/bundles.ts";
import { bundleText, type Desk, freePort, openDesk, refusalIn, silentNodes, siteText } from "../support/desk.ts";

/** Files that cannot be used, and what the command line says: everything here is refused before a machine is touched. */
let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
  expect((await desk.create()).code).toBe(0);
});
afterAll(async () => await desk?.[Symbol.asyncDispose]());

const up = (...args: readonly string[]) => desk.json(["up", "--yes", "--bundle", desk.bundleFile, ...args]);
const at = (file: string) => join(desk.folder, file);
const stateOf = (name: string) => join(desk.stateHome, "skerry", "sites", name);

/** The site of the desk with some lines replaced; its own file. */
async function siteWith(file: string, change: (text: string) => string): Promise<string> {
  await desk.write(file, change(await desk.read("site.yaml")));
  return at(file);
}

/** Nothing of a site was made: no secrets, no record of a Bootstrap. */
function expectNoSecrets(): void {
  expect(existsSync(at("secrets.yaml"))).toBe(false);
  expect(existsSync(at("site-secrets.yaml"))).toBe(false);
}

describe("skerry up with a site.yaml that is wrong", () => {
  it.each([
    ["an unknown key", "cni: none\n", "cnni: none\n", ":7:1", 'did you mean "cni"?'],
    ["an unknown key of a node", "address: 127.250.0.11", "adress: 127.250.0.11", ":12:", 'did you mean "address"?'],
    ["a number for a text", "name: rock\n", "name: 7\n", ":3:7", "name"],
    ["a text for a number", /port: \d+/, "port: many", ":8:", "port"],
    ["a role that there is not", "role: worker", "role: leader", ":12:", "role"],
    ["no YAML", "nodes:", "nodes: [", ":11:", ""],
  ])("names the line of %s", async (_what, from, to, place, says) => {
    const site = await siteWith("wrong.yaml", (text) => text.replace(from, to));

    const error = refusalIn(await up("--site", site), "DOCUMENT_INVALID");

    const problems = error.problems.length === 0 ? [error] : error.problems;
    const said = problems.map(({ message, where }) => `${where?.["file"]} ${message}`);
    expect(said).toContainEqual(expect.stringMatching(`^${site}${place}.*${says.replace("?", "\\?")}`));
    expect(existsSync(join(desk.stateHome, "skerry", "sites"))).toBe(false);
    expectNoSecrets();
  });

  it("names both nodes that have one address", async () => {
    const site = await siteWith("twins.yaml", (text) => text.replace("127.250.0.11", "127.250.0.10"));

    const error = refusalIn(await up("--site", site), "DOCUMENT_INVALID");

    expect(error.problems[0]?.where?.["file"]).toMatch(/twins\.yaml:12:\d+$/);
    expect(error.problems[0]?.message).toBe("w-1 has the address 127.250.0.10 of cp-1");
    expectNoSecrets();
  });

  it("lists every problem at once", async () => {
    const site = await siteWith("many.yaml", (text) =>
      text.replace("cni: none", "cnni: none").replace("role: worker", "role: leader"),
    );

    const error = refusalIn(await up("--site", site), "DOCUMENT_INVALID");

    expect(error.problems).toHaveLength(2);
  });
});

describe("skerry bundle create with a bundle.yaml that is wrong", () => {
  it.each([
    ["an unknown key", "architectures:", "architecture:", ":4:1", 'did you mean "architectures"?'],
    ["a text for a list", "sites: [site.yaml]", "sites: site.yaml", ":5:8", "sites"],
    ["an architecture that there is not", "amd64", "pdp11", ":4:17", "architectures"],
  ])("names the line of %s", async (_what, from, to, place, says) => {
    await desk.write("wrong-bundle.yaml", bundleText.replace("name: rock", "name: wrong").replace(from, to));

    const error = refusalIn(await desk.create("wrong-bundle.yaml"), "DOCUMENT_INVALID");

    const [problem] = error.problems.length === 0 ? [error] : error.problems;
    expect(problem?.where?.["file"]).toContain(`${at("wrong-bundle.yaml")}${place}`);
    expect(problem?.message).toContain(says);
    expect(await readdir(desk.folder)).not.toContain(expect.stringContaining("wrong.bundle"));
  });
});

describe("a bundle that is not as it was made", () => {
  /** A copy of the desk's bundle with one bit of the byte at `offset` turned. */
  async function flipped(name: string, offset: number): Promise<string> {
    const file = at(name);
    await copyFile(desk.bundleFile, file);
    const handle = await open(file, "r+");
    try {
      const byte = Buffer.alloc(1);
      await handle.read(byte, 0, 1, offset);
      byte.writeUInt8(byte.readUInt8() ^ 0x10);
      await handle.write(byte, 0, 1, offset);
    } finally {
      await handle.close();
    }
    return file;
  }
  const offsetOf = (text: string) => {
    const offset = readFileSync(desk.bundleFile).indexOf(text);
    if (offset < 0) throw new Error(`the bundle has no ${text}`);
    return offset;
  };
  const upWith = (file: string) => desk.json(["up", "--yes", "--bundle", file]);

  it("is found by bundle verify, which names the image that a damaged blob belongs to", async () => {
    const file = await flipped("blob.bundle.tar", offsetOf("layer of ghcr.io/siderolabs/installer"));

    const error = refusalIn(await desk.json(["bundle", "verify", file, "--key", "rock.pub"]), "BUNDLE_DAMAGED");

    expect(JSON.stringify(error.problems)).toContain("ghcr.io/siderolabs/installer");
  });

  it("is refused by up when its index was changed after signing", async () => {
    const file = await flipped("index.bundle.tar", offsetOf("registry.k8s.io/pause"));

    refusalIn(await upWith(file), "BUNDLE_SIGNATURE_INVALID");
    refusalIn(await desk.json(["bundle", "verify", file, "--key", "rock.pub"]), "BUNDLE_SIGNATURE_INVALID");
    expectNoSecrets();
  });

  it("is refused when it ends too early, with the bytes that are missing", async () => {
    const whole = readFileSync(desk.bundleFile);
    await writeFile(at("short.bundle.tar"), whole.subarray(0, whole.length - 9000));

    const error = refusalIn(await upWith(at("short.bundle.tar")), "BUNDLE_TRUNCATED");

    expect(error.message).toMatch(/\d/);
    refusalIn(await desk.json(["bundle", "verify", at("short.bundle.tar")]), "BUNDLE_TRUNCATED");
    expectNoSecrets();
  });

  it("is refused when a key signed it that the site does not trust", async () => {
    await desk.write("stranger.pub", bundleKeys().publicPem);
    const site = await siteWith("strange.yaml", (text) => text.replace("rock.pub", "stranger.pub"));

    refusalIn(await up("--site", site), "BUNDLE_KEY_UNKNOWN");
    expectNoSecrets();
  });

  it("is refused unsigned, unless the site allows that", async () => {
    await desk.write(
      "unsigned.yaml",
      bundleText.replace("name: rock", "name: bare").replace("sign: {key: rock.key}", ""),
    );
    expect((await desk.create("unsigned.yaml")).code).toBe(0);

    refusalIn(await upWith(at("bare.bundle.tar")), "BUNDLE_UNSIGNED");

    expectNoSecrets();
    expect((await desk.json(["bundle", "verify", at("bare.bundle.tar")])).code).toBe(0);
  });

  it("is refused when it is something else altogether", async () => {
    await desk.write("text.bundle.tar", "not a bundle\n".repeat(1000));

    refusalIn(await upWith(at("text.bundle.tar")), "BUNDLE_INVALID");
  });
});

describe("a bundle that lacks what the site will pull", () => {
  it("is refused with the image that a patch brought in afterwards, and its place", async () => {
    await desk.write("kubelet.yaml", "machine: {kubelet: {image: ghcr.io/siderolabs/kubelet:v1.36.2}}\n");
    const site = await siteWith("patched.yaml", (text) => `${text}machineConfigs: {all: [./kubelet.yaml]}\n`);

    const error = refusalIn(await up("--site", site), "BUNDLE_LACKS_CONTENT");

    expect(error.problems).toHaveLength(1);
    expect(error.problems[0]?.message).toMatch(/^ghcr\.io\/siderolabs\/kubelet:v1\.36\.2 \(.*kubelet.*2 nodes/);
    expectNoSecrets();
  });

  it("is refused with the package that it does not carry", async () => {
    const site = await siteWith("packages.yaml", (text) => `${text}packages: [{name: ghost}, {name: spirit}]\n`);

    const error = refusalIn(await up("--site", site), "BUNDLE_LACKS_CONTENT");

    expect(error.problems.map(({ message }) => message)).toEqual([
      "package ghost (packages of site.yaml)",
      "package spirit (packages of site.yaml)",
    ]);
  });
});

describe("skerry bundle create with a package that runs an image it does not list", () => {
  it("names the image and the object, and makes nothing", async () => {
    await mkdir(at("web/manifests"), { recursive: true });
    await desk.write(
      "web/zarf.yaml",
      `kind: ZarfPackageConfig
metadata: {name: web, version: 1.0.0}
components:
  - name: web
    required: true
    manifests: [{name: web, namespace: web, files: [manifests/pod.yaml]}]
    images: []
`,
    );
    await desk.write(
      "web/manifests/pod.yaml",
      `apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: web, image: registry.k8s.io/unlisted:1.0}]}
`,
    );
    await desk.write("web.yaml", `${bundleText.replace("name: rock", "name: web")}packages: [{path: web}]\n`);

    const error = refusalIn(await desk.create("web.yaml"), "PACKAGE_IMAGE_UNLISTED");

    expect(JSON.stringify(error)).toContain("registry.k8s.io/unlisted:1.0");
    expect(JSON.stringify(error)).toContain("web");
    expect(existsSync(at("web.bundle.tar"))).toBe(false);
  });
});

describe("this laptop", () => {
  it("says that the mirror's port is taken, and by what it can be changed", async () => {
    const port = await freePort();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
    try {
      await mkdir(at("taken"), { recursive: true });
      await copyFile(at("rock.pub"), at("taken/rock.pub"));
      const text = siteText({ nodes: silentNodes, endpoint: "127.250.0.10", mirrorPort: port });
      await desk.write("taken/site.yaml", text.replace("name: rock", "name: taken"));

      const error = refusalIn(await up("--site", at("taken/site.yaml")), "MIRROR_PORT_TAKEN");

      expect(error.message).toContain(String(port));
      expect(error.next.join()).toContain("mirror: {port: …} in site.yaml");
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });

  it.each([
    ["a file is in the way of", () => at("site.yaml")],
    ["the kernel refuses folders in", () => "/proc/skerry"],
  ])("says which state folder cannot be written when %s it", async (_why, folder) => {
    const error = refusalIn(await up("--state-dir", folder()), "FILE_UNWRITABLE");

    expect(`${error.message} ${error.where["file"]}`).toContain(folder());
    expect(error.next.join()).toContain("--state-dir");
    expectNoSecrets();
  });

  it("lets one run at a site, and tells who has it", async () => {
    const waiting = new AbortController();
    const first = desk.json(["up", "--yes", "--bundle", desk.bundleFile, "--until", "find-nodes"], {
      signal: waiting.signal,
    });
    const lock = join(stateOf("rock"), "lock.json");
    await expect
      .poll(() => existsSync(lock) && readFileSync(lock, "utf8").endsWith("\n"), { timeout: 30_000 })
      .toBe(true);
    const holder = JSON.parse(readFileSync(lock, "utf8")) as Readonly<Record<string, string | number>>;

    const second = await up();
    waiting.abort();
    await first.catch(() => undefined);

    const error = refusalIn(second, "RUN_LOCKED");
    for (const part of ["holder", "host", "pid", "start"]) expect(error.message).toContain(String(holder[part]));
    expect(error.message).toMatch(/last heartbeat \d{4}-\d\d-\d\dT/);
  });
});
