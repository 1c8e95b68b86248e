import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { kubeconfigFrom } from "../../../../src/talos/api/kubeconfig.ts";

async function* streamed(...pieces: readonly Buffer[]) {
  for (const bytes of pieces) yield { $typeName: "common.Data" as const, bytes };
}

function archive(text: string, { name = "kubeconfig", size = text.length } = {}): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(size.toString(8).padStart(11, "0"), 124);
  return Buffer.concat([header, Buffer.from(text)]);
}

describe("kubeconfigFrom()", () => {
  it("reads the archive that Talos does not end", async () => {
    const bytes = gzipSync(archive("apiVersion: v1\n"));

    expect(await kubeconfigFrom("cp-1", streamed(bytes.subarray(0, 9), bytes.subarray(9)))).toBe("apiVersion: v1\n");
  });

  it.each([
    ["bytes that are not gzip", [Buffer.from("nonsense")]],
    ["nothing", []],
    ["another file", [gzipSync(archive("x", { name: "../evil" }))]],
    ["a size beyond the bytes", [gzipSync(archive("x", { size: 99 }))]],
    ["a bomb", [gzipSync(Buffer.alloc(50 * 1024 * 1024))]],
    ["an endless stream", Array.from({ length: 300 }, () => Buffer.alloc(8192))],
  ])("refuses %s", async (_what, pieces) => {
    await expect(kubeconfigFrom("cp-1", streamed(...pieces))).rejects.toMatchObject({
      code: "NODE_ANSWER_INVALID",
      where: { node: "cp-1" },
    });
  });
});
