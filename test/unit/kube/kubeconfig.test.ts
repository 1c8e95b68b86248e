import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { readKubeconfig } from "../../../src/kube/kubeconfig.ts";

const pem = (what: string) => `-----BEGIN ${what}-----\nAAAA\n-----END ${what}-----\n`;
const base64 = (text: string) => Buffer.from(text).toString("base64");
const good = {
  apiVersion: "v1",
  kind: "Config",
  "current-context": "admin@site",
  clusters: [
    {
      name: "site",
      cluster: { server: "https://10.5.0.2:6443", "certificate-authority-data": base64(pem("CERTIFICATE")) },
    },
  ],
  users: [
    {
      name: "admin@site",
      user: {
        "client-certificate-data": base64(pem("CERTIFICATE")),
        "client-key-data": base64(pem("EC PRIVATE KEY")),
      },
    },
  ],
  contexts: [{ name: "admin@site", context: { cluster: "site", user: "admin@site", namespace: "demo" } }],
};

describe("readKubeconfig()", () => {
  it("reads the current context with inline credentials", () => {
    expect(readKubeconfig(stringify({ ...good, preferences: {} }))).toEqual({
      server: "https://10.5.0.2:6443",
      ca: pem("CERTIFICATE"),
      cert: pem("CERTIFICATE"),
      key: pem("EC PRIVATE KEY"),
      namespace: "demo",
    });
  });

  it("reads a token and a server name", () => {
    const cluster = { ...good.clusters[0]?.cluster, "tls-server-name": "kubernetes" };
    const config = {
      ...good,
      clusters: [{ name: "site", cluster }],
      users: [{ name: "admin@site", user: { token: "t" } }],
    };

    expect(readKubeconfig(stringify(config))).toMatchObject({ token: "t", tlsServerName: "kubernetes" });
  });

  it.each([
    ["broken YAML", "clusters: [\n  client-key-data: c2VjcmV0\n"],
    ["an alias bomb", "a: &a [1]\nb: [*a, *a]\n"],
    ["too many bytes", " ".repeat((1 << 20) + 1)],
    ["a list", "[]"],
    ["no current context", stringify({ ...good, "current-context": "other" })],
    ["a user that is missing", stringify({ ...good, users: [] })],
    ["a cluster that is missing", stringify({ ...good, clusters: [] })],
    ["an exec plug-in", stringify({ ...good, users: [{ name: "admin@site", user: { exec: { command: "x" } } }] })],
    [
      "a path instead of a certificate",
      stringify({
        ...good,
        clusters: [{ name: "site", cluster: { server: "https://10.5.0.2", "certificate-authority": "/ca.crt" } }],
      }),
    ],
    [
      "plain HTTP",
      stringify({
        ...good,
        clusters: [{ name: "site", cluster: { ...good.clusters[0]?.cluster, server: "http://10.5.0.2" } }],
      }),
    ],
    [
      "a key that is no PEM",
      stringify({
        ...good,
        users: [
          {
            name: "admin@site",
            user: { "client-certificate-data": base64(pem("CERTIFICATE")), "client-key-data": base64("c2VjcmV0") },
          },
        ],
      }),
    ],
  ])("refuses %s without repeating what it holds", (_what, yaml) => {
    const failure = (() => {
      try {
        return readKubeconfig(yaml);
      } catch (error) {
        return error;
      }
    })();

    expect(failure).toMatchObject({ code: "KUBECONFIG_INVALID" });
    expect(String(failure)).not.toContain("c2VjcmV0");
    expect((failure as Error).cause).toBeUndefined();
  });
});
