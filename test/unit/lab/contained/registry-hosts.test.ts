import { readFileSync } from "node:fs";
import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { registryHosts } from "../../../../src/lab/contained/node/registry-hosts.ts";
import { pullEndpoints } from "../../../../src/lab/node/images/pull-endpoints.ts";
import { appliedConfig, mirrorConfig } from "../../../support/lab/applied-config.ts";
import { askedHosts } from "../../../support/lab/containerd-hosts.ts";

/** From a real node, see `about` in the file. */
const recorded = JSON.parse(
  readFileSync(new URL("../../../fixtures/lab/node-1.13.9.json", import.meta.url), "utf8"),
) as { readonly hosts: Readonly<Record<string, string>> };

type Documents = Parameters<typeof appliedConfig>[0]["documents"];

const FOLDER = "/etc/cri/conf.d/hosts";
const ours = (documents: Documents, headers = false) =>
  registryHosts(appliedConfig({ documents: documents ?? [] }), { folder: FOLDER, headers });
const roots = (documents: Documents, registry: string, headers = false) =>
  askedHosts(ours(documents, headers), registry).map(({ root }) => root);
const tls = (name: string, more: object = { ca: "PEM of a CA" }) => ({ kind: "RegistryTLSConfig", name, ...more });
const auth = (name: string) => ({ kind: "RegistryAuthConfig", name, username: "me", password: "s:ecret" });
const closed = { skipFallback: true } as const;

describe("registryHosts()", () => {
  it.each(["docker.io", "registry.k8s.io"])("makes containerd ask what a real node's file does, for %s", (registry) => {
    const theirs = askedHosts({ [`${registry}/hosts.toml`]: recorded.hosts[registry] ?? "" }, registry);

    expect(askedHosts(ours([mirrorConfig(registry, ["http://10.5.0.1:5000"], closed)]), registry)).toEqual(theirs);
    expect(theirs).toEqual([{ root: "http://10.5.0.1:5000/v2" }]);
  });

  it.each([
    { rule: "one mirror, then the registry", options: {}, urls: ["http://m1"], also: ["https://ghcr.io/v2"] },
    { rule: "one mirror and nothing else", options: closed, urls: ["http://m1"], also: [] },
    {
      rule: "mirrors in order, then the registry",
      options: {},
      urls: ["http://m2", "http://m1"],
      also: ["https://ghcr.io/v2"],
    },
    {
      rule: "mirrors in order and nothing else",
      options: closed,
      urls: ["http://m2", "https://m1:5000", "http://m0"],
      also: [],
    },
  ])("has containerd ask $rule", ({ options, urls, also }) => {
    const documents = [mirrorConfig("ghcr.io", urls, options)];

    expect(roots(documents, "ghcr.io")).toEqual([...urls.map((url) => `${url}/v2`), ...also]);
  });

  it.each([
    {
      rule: "takes * for a registry without an entry",
      documents: [mirrorConfig("*", ["http://any"], closed)],
      registry: "quay.io",
      expected: ["http://any/v2"],
    },
    {
      rule: "goes on to the registry that the image names behind an open *",
      documents: [mirrorConfig("*", ["http://any"], {})],
      registry: "docker.io",
      expected: ["http://any/v2", "https://registry-1.docker.io/v2"],
    },
    {
      rule: "lets an entry of its own hide *",
      documents: [mirrorConfig("*", ["http://any"], closed), mirrorConfig("quay.io", ["http://own"], closed)],
      registry: "quay.io",
      expected: ["http://own/v2"],
    },
    {
      rule: "lets an entry without endpoints hide *, skipFallback or not",
      documents: [mirrorConfig("*", ["http://any"], closed), mirrorConfig("quay.io", [], closed)],
      registry: "quay.io",
      expected: ["https://quay.io/v2"],
    },
    {
      rule: "lets TLS alone hide *, as Talos does",
      documents: [mirrorConfig("*", ["http://any"], closed), tls("quay.io")],
      registry: "quay.io",
      expected: ["https://quay.io/v2"],
    },
    {
      rule: "lets TLS that says nothing hide nothing",
      documents: [mirrorConfig("*", ["http://any"], closed), tls("quay.io", {})],
      registry: "quay.io",
      expected: ["http://any/v2"],
    },
    {
      rule: "names the folder of a registry with a port as containerd does",
      documents: [mirrorConfig("127.0.0.1:31999", ["http://127.0.0.1:31999"], closed)],
      registry: "127.0.0.1:31999",
      expected: ["http://127.0.0.1:31999/v2"],
    },
    {
      rule: "names the folder of an IPv6 registry as containerd does",
      documents: [mirrorConfig("[fd00::1]:5000", ["http://m"], closed)],
      registry: "[fd00::1]:5000",
      expected: ["http://m/v2"],
    },
    {
      rule: "takes a path in front of /v2",
      documents: [mirrorConfig("ghcr.io", ["http://m/proxy/"], closed)],
      registry: "ghcr.io",
      expected: ["http://m/proxy/v2"],
    },
    {
      rule: "adds no second /v2",
      documents: [mirrorConfig("ghcr.io", ["http://m/proxy/v2"], closed)],
      registry: "ghcr.io",
      expected: ["http://m/proxy/v2"],
    },
    {
      rule: "takes the path as the whole API root with overridePath, as server and as host",
      documents: [mirrorConfig("ghcr.io", ["https://m/v2/a", "https://m/api"], { ...closed, overridePath: true })],
      registry: "ghcr.io",
      expected: ["https://m/v2/a", "https://m/api"],
    },
  ])("$rule", ({ documents, registry, expected }) => {
    expect(roots(documents, registry)).toEqual(expected);
  });

  it("gives each endpoint the TLS of its own host, by files beside hosts.toml", () => {
    const pair = { cert: "PEM of a certificate", key: "PEM of a key" };
    const documents = [
      mirrorConfig("ghcr.io", ["https://m1:5000", "https://m2"], closed),
      tls("m1:5000", { ca: "PEM of m1", clientIdentity: pair }),
      tls("m2", { insecureSkipVerify: true }),
      tls("ghcr.io", { ca: "PEM that no mirror is checked by" }),
    ];

    const files = ours(documents);

    const folder = `${FOLDER}/ghcr.io`;
    expect(askedHosts(files, "ghcr.io")).toEqual([
      {
        root: "https://m1:5000/v2",
        ca: `${folder}/0-ca.crt`,
        client: [[`${folder}/0-client.crt`, `${folder}/0-client.key`]],
      },
      { root: "https://m2/v2", skipVerify: true },
    ]);
    expect(files).toMatchObject({
      "ghcr.io/0-ca.crt": "PEM of m1",
      "ghcr.io/0-client.crt": pair.cert,
      "ghcr.io/0-client.key": pair.key,
    });
  });

  it("gives the CRI no TLS for a registry behind its mirrors, as Talos gives none", () => {
    const documents = [mirrorConfig("ghcr.io", ["http://m"], {}), tls("ghcr.io")];

    expect(askedHosts(ours(documents), "ghcr.io")).toEqual([{ root: "http://m/v2" }, { root: "https://ghcr.io/v2" }]);
    expect(askedHosts(ours(documents, true), "ghcr.io").at(-1)).toEqual({
      root: "https://ghcr.io/v2",
      ca: `${FOLDER}/ghcr.io/1-ca.crt`,
    });
  });

  it("checks a registry without mirrors by the TLS under its name", () => {
    expect(askedHosts(ours([tls("docker.io")]), "docker.io")).toEqual([
      { root: "https://registry-1.docker.io/v2", ca: `${FOLDER}/docker.io/0-ca.crt` },
    ]);
  });

  it("writes credentials for Talos' own puller alone", () => {
    const documents = [
      mirrorConfig("ghcr.io", ["https://m1", "https://m2"], closed),
      ...["m1", "m2", "10.0.0.5:5000"].map(auth),
    ];
    const basic = `Basic ${Buffer.from("me:s:ecret").toString("base64")}`;

    expect(JSON.stringify(ours(documents))).not.toMatch(/Authorization|ecret|bWU6/);
    expect(askedHosts(ours(documents, true), "ghcr.io")).toEqual([
      { root: "https://m1/v2", authorization: basic },
      { root: "https://m2/v2", authorization: basic },
    ]);
    expect(askedHosts(ours(documents, true), "10.0.0.5:5000")).toEqual([
      { root: "https://10.0.0.5:5000/v2", authorization: basic },
    ]);
  });

  it.each(["..", "../../tmp/x", "a/b", "", ".hidden/.."])("writes nothing for %j, which is no registry", (name) => {
    const documents = [mirrorConfig(name, ["http://m"], closed), tls(name), auth(name)];

    expect(ours(documents)).toEqual({});
    expect(ours(documents, true)).toEqual({});
  });

  const registries = fc.constantFrom("ghcr.io", "docker.io", "quay.io", "10.0.0.5:5000");
  const mirrors = fc.record({
    name: fc.oneof(registries, fc.constant("*")),
    urls: fc.uniqueArray(fc.constantFrom("http://m1", "https://m2:5000", "https://m3/proxy"), { minLength: 1 }),
    skipFallback: fc.boolean(),
    overridePath: fc.boolean(),
  });
  const documentsOf = (drawn: readonly (typeof mirrors extends fc.Arbitrary<infer T> ? T : never)[]) =>
    drawn.map(({ name, urls, ...options }) => mirrorConfig(name, urls, options));

  test.prop({
    drawn: fc.uniqueArray(mirrors, { selector: ({ name }) => name }),
    registry: registries,
    tlsOf: registries,
  })("makes containerd ask for Talos' own puller what the modelled node asks", ({ drawn, registry, tlsOf }) => {
    const documents = [...documentsOf(drawn), tls(tlsOf)];
    const modelled = pullEndpoints(appliedConfig({ documents }), registry);

    expect(roots(documents, registry, true)).toEqual(modelled.map(({ root }) => root));
  });

  test.prop({ drawn: fc.uniqueArray(mirrors, { selector: ({ name }) => name }), registry: registries })(
    "never lets containerd ask a registry whose mirrors skip it",
    ({ drawn, registry }) => {
      const documents = documentsOf(drawn);
      const entry = drawn.find(({ name }) => name === registry) ?? drawn.find(({ name }) => name === "*");
      const itself = registry === "docker.io" ? "https://registry-1.docker.io/v2" : `https://${registry}/v2`;

      expect(roots(documents, registry).includes(itself)).toBe(entry?.skipFallback !== true);
    },
  );
});
