import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  issueTalosClient,
  mintSecrets,
  readSecrets,
  writeSecrets,
  writeTalosconfig,
} from "../../../src/talos/pki/index.ts";
import { askPeer } from "../../support/talos/peer.ts";
import { testSecrets, testSecretsYaml } from "../../support/talos/secrets.ts";

const ports = { clock: { now: () => new Date("2026-03-01T12:00:00Z") }, random: randomBytes };

describe("secrets.yaml between talosctl's library and ours", () => {
  it("is written byte for byte alike, whoever made it", async () => {
    const [ofTalos] = await askPeer("secrets", [{ generate: true }]);
    const made = ofTalos?.yaml ?? "";

    const again = writeSecrets(readSecrets(made, { file: "secrets.yaml" }));

    expect(made).toContain("k8saggregator");
    expect(again).toBe(made);
  });

  it("made by us is valid for Talos, which writes the same bytes", async () => {
    const minted = writeSecrets(await mintSecrets(ports));

    const answers = await askPeer("secrets", [{ secrets: minted }, { secrets: testSecretsYaml }]);

    expect(answers.map(({ error }) => error)).toEqual([undefined, undefined]);
    expect(answers.map(({ yaml }) => yaml)).toEqual([minted, testSecretsYaml]);
  });

  it.each([
    { what: "a token like a number", bootstrapToken: "123456.1234567890123456" },
    { what: "a token like an exponent", bootstrapToken: "12345e.0000000000000001" },
    { what: "an id that begins with a dash", id: "-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO=" },
    { what: "an old cluster's encryption", provider: "aescbc" as const },
  ])("keeps $what", async ({ bootstrapToken, id, provider }) => {
    const bundle = testSecrets();
    const text = writeSecrets({
      ...bundle,
      bootstrapToken: bootstrapToken ?? bundle.bootstrapToken,
      cluster: { ...bundle.cluster, id: id ?? bundle.cluster.id },
      encryption: { ...bundle.encryption, provider: provider ?? "secretbox" },
    });

    const [answer] = await askPeer("secrets", [{ secrets: text }]);

    expect(answer).toEqual({ yaml: text });
    expect(writeSecrets(readSecrets(text, { file: "secrets.yaml" }))).toBe(text);
  });
});

describe("writeTalosconfig()", () => {
  it("is read by Talos' own client, which writes the same values", async () => {
    const { os } = testSecrets().certs;
    const ours = writeTalosconfig({
      context: "windpark-7",
      endpoints: ["10.5.0.2", "10.5.0.3"],
      nodes: ["10.5.0.2"],
      authorityPem: os.certificatePem,
      client: issueTalosClient(os, {}, ports),
    });

    const [answer] = await askPeer("talosconfig", [{ talosconfig: ours }]);

    expect(answer?.error).toBeUndefined();
    expect(parse(answer?.yaml ?? "")).toEqual(parse(ours));
  });
});
