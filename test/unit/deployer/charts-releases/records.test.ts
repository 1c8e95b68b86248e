import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { revisionOf } from "../../../../src/deployer/charts/releases/history.ts";
import { parseLossless } from "../../../../src/deployer/charts/releases/lossless-json.ts";
import { revisionsToForget } from "../../../../src/deployer/charts/releases/record-store.ts";
import { decodeRecord, encodeRecord } from "../../../../src/deployer/charts/releases/release-record.ts";
import type { KubeObject } from "../../../../src/kube/index.ts";

const secretOf = (release: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "sh.helm.release.v1.web.v1", namespace: "demo" },
  data: { release },
});
const pack = (text: string): string => Buffer.from(gzipSync(text).toString("base64")).toString("base64");
const unpack = (release: string): string =>
  gunzipSync(Buffer.from(Buffer.from(release, "base64").toString(), "base64")).toString();

describe("decodeRecord() and encodeRecord()", () => {
  it("keep numbers that a double would round, and keys of later versions", () => {
    const text =
      '{"name":"web","info":{"status":"deployed","later":[1.5,1e400]},"chart":{"values":{"id":12345678901234567890,"small":7}},"config":{"n":9007199254740993},"version":1,"namespace":"demo","sequence":{"of":"later"}}';

    const again = unpack(encodeRecord(decodeRecord(secretOf(pack(text)))));

    expect(again).toBe(text);
  });

  it("read records that are not compressed, as Helm does", () => {
    const plain = '{"name":"web","info":{},"version":1,"namespace":"demo"}';
    const release = Buffer.from(Buffer.from(plain).toString("base64")).toString("base64");

    expect(decodeRecord(secretOf(release))).toMatchObject({ name: "web", version: 1 });
  });

  it.each([
    ["nothing", ""],
    [
      "no gzip behind its first bytes",
      Buffer.from(Buffer.from([0x1f, 0x8b, 0x08, 1, 2]).toString("base64")).toString("base64"),
    ],
    ["no JSON", pack("release: yes")],
    ["no object", pack("[1]")],
    ["no revision", pack('{"name":"web","info":{}}')],
  ])("refuse %s, naming the Secret", (_what, release) => {
    expect(() => decodeRecord(secretOf(release))).toThrow(
      expect.objectContaining({ code: "RELEASE_RECORD_INVALID", message: expect.stringContaining("v1.web.v1") }),
    );
  });

  it("refuse to write what Kubernetes does not keep", () => {
    const noise = Array.from({ length: 400_000 }, (_, index) => Math.imul(index + 1, 2654435761) >>> 0).join("");

    expect(() => encodeRecord({ name: "web", info: {}, version: 1, namespace: "demo", manifest: noise })).toThrow(
      expect.objectContaining({ code: "RELEASE_RECORD_TOO_LARGE" }),
    );
  });
});

describe("parseLossless()", () => {
  it.each(["1", "-0", "1.5", "1e3", "12345678901234567890", "0.1000000000000000055511151231257827"])(
    "writes %s as something equal",
    (text) => {
      const written = JSON.stringify(parseLossless(`[${text}]`));

      expect([`[${text}]`, JSON.stringify([Number(text)])]).toContain(written);
      if (!Number.isSafeInteger(Number(text)) && Number.isInteger(Number(text))) expect(written).toBe(`[${text}]`);
    },
  );
});

describe("revisionsToForget()", () => {
  const revisions = (...statuses: readonly string[]) =>
    statuses.map((status, index) => {
      const labels = { version: String(index + 1), status };
      return revisionOf({ apiVersion: "v1", kind: "Secret", metadata: { name: `v${index + 1}`, labels } });
    });
  const forgotten = (maxHistory: number, ...statuses: readonly string[]) =>
    revisionsToForget(revisions(...statuses), maxHistory).map(({ revision }) => revision);

  it("makes room for one more, oldest first", () => {
    expect(forgotten(3, "superseded", "superseded", "deployed")).toEqual([1]);
    expect(forgotten(2, "superseded", "superseded", "deployed")).toEqual([1, 2]);
    expect(forgotten(10, "superseded", "deployed")).toEqual([]);
  });

  it("never forgets the newest deployed one, and nothing without a limit", () => {
    expect(forgotten(2, "deployed", "failed", "failed")).toEqual([2, 3]);
    expect(forgotten(0, "superseded", "superseded", "deployed")).toEqual([]);
  });
});
