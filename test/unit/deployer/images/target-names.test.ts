import { crc32 } from "node:zlib";
import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { nameChecksum, parseImageName, targetNames } from "../../../../src/deployer/images/index.ts";

const hash = "3fbc632167424a6d997e74f52b878d7cc478225cffac6bc977eedfe51c7f4e79";
const base = "127.0.0.1:31999";

describe("targetNames()", () => {
  // Values of Zarf 0.84; the docs of Zarf print one of them with a digit missing.
  it.each([
    ["nginx", "library/nginx:latest-zarf-3793515731"],
    ["nginx:1.23.3", "library/nginx:1.23.3-zarf-3793515731"],
    ["docker.io/library/alpine:3.20", "library/alpine:3.20-zarf-1117969859"],
    ["ghcr.io/stefanprodan/podinfo:6.3.3", "stefanprodan/podinfo:6.3.3-zarf-2985051089"],
    ["zarf-dev/zarf-agent:v0.22.1", "zarf-dev/zarf-agent:v0.22.1-zarf-2183797434"],
    [
      "registry1.dso.mil/ironbank/opensource/zarf-dev/zarf/zarf-agent:v0.25.0",
      "ironbank/opensource/zarf-dev/zarf/zarf-agent:v0.25.0-zarf-1211467612",
    ],
    ["registry.k8s.io/pause:3.10", "pause:3.10-zarf-3787916693"],
    ["oci://10.43.130.183:5000/stefanprodan/manifests/podinfo", "stefanprodan/manifests/podinfo:latest-zarf-531355090"],
    ["localhost/foo:1", "foo:1-zarf-4173891232"],
    ["localhost:5000/foo:1", "foo:1-zarf-35079835"],
    ["quay.io/argoproj/argocd:v2.9.6", "argoproj/argocd:v2.9.6-zarf-2331512642"],
  ])("gives %s the name %s", (source, wanted) => {
    const names = targetNames(source, base);

    expect(names.suffixed).toBe(`${base}/${wanted}`);
    expect(names.plain).toBe(`${base}/${wanted.replace(/-zarf-\d+$/, "")}`);
    expect(names.isRewritten).toBe(true);
  });

  it("lets a digest alone name an image", () => {
    const name = `${base}/library/busybox@sha256:${hash}`;

    expect(targetNames(`busybox:latest@sha256:${hash}`, base)).toEqual({
      suffixed: name,
      plain: name,
      isRewritten: true,
    });
  });

  it.each([
    [`${base}/library/nginx:1-zarf-3793515731`, base],
    ["registry.corp.example/team/app:1", "registry.corp.example/mirror"],
    // A comparison of texts, not of hosts.
    ["reg.example/app:1", "reg.example.org"],
  ])("leaves %s alone where the registry is %s", (source, at) => {
    expect(targetNames(source, at)).toEqual({ suffixed: source, plain: source, isRewritten: false });
  });

  it("puts images below a path where the registry has one", () => {
    expect(targetNames("nginx:1", "registry.example:5000/site/a").plain).toBe(
      "registry.example:5000/site/a/library/nginx:1",
    );
  });
});

describe("nameChecksum()", () => {
  it.each([
    ["docker.io/library/busybox", "2140033595"],
    ["docker.io/library/registry", "2874453864"],
    ["docker.io/alpine/socat", "2670809669"],
    ["ghcr.io/zarf-dev/zarf/agent", "2203613481"],
    ["registry.k8s.io/coredns/coredns", "228285752"],
    ["ghcr.io/fluxcd/source-controller", "3763324300"],
    ["ghcr.io/siderolabs/kubelet", "3770581420"],
    ["ghcr.io/siderolabs/installer", "4009494444"],
    ["docker.io/grafana/grafana", "855602154"],
  ])("of %s is %s", (name, wanted) => {
    expect(nameChecksum(name)).toBe(wanted);
  });

  test.prop([fc.string({ unit: "grapheme" })])("is the CRC-32 of gzip over UTF-8, unpadded", (text) => {
    expect(nameChecksum(text)).toBe(String(crcByTheBook(Buffer.from(text, "utf8"))));
    expect(nameChecksum(text)).toBe(String(crc32(Buffer.from(text, "utf8"))));
  });

  const part = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  test.prop([part, part, part, part])("tells registries apart that share a path", (one, other, path, tag) => {
    fc.pre(one !== other);
    const names = [one, other].map((host) => targetNames(`${host}.example/${path}:${tag}`, "registry.local:5000"));

    expect(names[0]?.plain).toBe(names[1]?.plain);
    expect(names[0]?.suffixed === names[1]?.suffixed).toBe(
      nameChecksum(`${one}.example/${path}`) === nameChecksum(`${other}.example/${path}`),
    );
  });
});

describe("parseImageName()", () => {
  it("tells the parts of a name apart", () => {
    expect(parseImageName(`busybox:latest@sha256:${hash}`)).toEqual({
      host: "docker.io",
      path: "library/busybox",
      name: "docker.io/library/busybox",
      tag: "latest",
      digest: `sha256:${hash}`,
      tagOrDigest: `@sha256:${hash}`,
      reference: `docker.io/library/busybox:latest@sha256:${hash}`,
    });
    expect(parseImageName("pause").reference).toBe("docker.io/library/pause:latest");
  });

  it.each([hash, "https://ghcr.io/a/b:1", "Team/App:1", "C:\\images\\a", "a@sha256:1", ""])("refuses %s", (text) => {
    expect(() => parseImageName(text)).toThrow(expect.objectContaining({ code: "REFERENCE_INVALID" }));
  });
});

/** Bit by bit, as RFC 1952 §8 describes it. */
function crcByTheBook(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return (value ^ 0xffffffff) >>> 0;
}
