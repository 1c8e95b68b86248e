import { describe, expect, it } from "vitest";
import { failedInstallation } from "../../../src/journeys/failed-installation.ts";
import { realPorts } from "../../../src/journeys/real-ports.ts";
import type { SiteKeys } from "../../../src/journeys/site-keys.ts";
import { OperatorError } from "../../../src/lib/errors/index.ts";
import type { NodeClient, NodeEvent } from "../../../src/talos/api/index.ts";
import { contextOf, siteOf } from "./up-context.ts";

const secret = "wuqs7AhF1KbYm3Zp0Rn8";
const tags = { id: "", actorId: "" };
const stopped = (sequence: string, error?: string): NodeEvent => ({
  ...tags,
  kind: "sequence",
  sequence,
  action: error === undefined ? "stop" : "noop",
  error,
});

/** What is said of a machine with these events and this kernel log; its stream of events stays open as a real one's does. */
async function judge(events: readonly NodeEvent[], log: string | OperatorError = "", fails?: OperatorError) {
  let ended = 0;
  const client = {
    events: async function* ({ signal }: { readonly signal: AbortSignal }) {
      try {
        if (fails !== undefined) throw fails;
        yield* events;
        await new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
        });
      } finally {
        ended += 1;
      }
    },
    kernelLog: async function* () {
      if (log instanceof OperatorError) throw log;
      yield Buffer.from(log);
    },
    disks: async () => [],
    close: () => undefined,
  } as unknown as NodeClient;
  const pair = { certificatePem: "c", keyPem: "private" };
  const certs = { etcd: pair, k8s: pair, k8sAggregator: pair, k8sServiceAccountKeyPem: "sa", os: pair };
  const talos = {
    cluster: { secret },
    bootstrapToken: "bbb",
    trustdToken: "ttt",
    encryption: { secret: "eee" },
    certs,
  };
  const keys = { talos, admin: {} } as unknown as SiteKeys;
  const configs = new Map([["cp-1", "machine: {install: {image: example.org/installer:v1, disk: /dev/sda}}\n"]]);
  const context = {
    ...contextOf(siteOf("cp-1"), { keys, configs }),
    ports: { ...realPorts, connectNode: () => client },
  };
  const [node] = context.site.nodes;
  if (node === undefined) throw new Error("the site has a node");
  const error = await failedInstallation(context, node, { signal: new AbortController().signal });
  return { error, ended };
}

const unreachable = () => new OperatorError("NODE_UNREACHABLE", "gone", { retry: "same" });

describe("failedInstallation()", () => {
  it.each<readonly [string, readonly NodeEvent[]]>([
    ["nothing has happened", []],
    [
      "the installation goes on",
      [{ ...tags, kind: "sequence", sequence: "install", action: "start", error: undefined }],
    ],
    ["the installation came to its end", [stopped("install")]],
    ["another sequence failed", [stopped("initialize", "no lock")]],
  ])("says nothing where %s, and leaves no stream open", async (_what, events) => {
    expect(await judge(events)).toEqual({ error: undefined, ended: 1 });
  });

  it("says nothing of a machine that does not answer", async () => {
    expect((await judge([], "", unreachable())).error).toBeUndefined();
  });

  it("gives the machine's own words, with the image and what its log says last", async () => {
    const line = (text: string) => `kern:    info: [2026-01-01T00:00:00.000000000Z]: ${text}\n`;
    const log = ["one", "two", "three", "four", "five", "six", "no space left on device"].map(line).join("");

    const { error, ended } = await judge([stopped("install", "task 1/1: failed, exit code 1")], log);

    expect(error).toMatchObject({ code: "NODE_INSTALL_FAILED", where: { node: "cp-1" }, retry: "later" });
    expect(error?.message).toContain("example.org/installer:v1");
    expect(error?.message).toContain("task 1/1: failed, exit code 1");
    expect(error?.problems.map(({ message }) => message.replace("its log: ", ""))).toEqual([
      "two",
      "three",
      "four",
      "five",
      "six",
      "no space left on device",
    ]);
    expect(ended).toBe(1);
  });

  it("says so without the log where that cannot be read", async () => {
    const { error } = await judge([stopped("install", "exit code 1")], unreachable());

    expect(error?.code).toBe("NODE_INSTALL_FAILED");
    expect(error?.problems).toEqual([]);
  });

  it("shows neither secrets nor control characters nor more than a few lines of what it says", async () => {
    const words = `\u001b[31mtoken ${secret} refused\n${"x ".repeat(5000)}`;

    const { error } = await judge([stopped("install", words)], `${words}\n${"y".repeat(100_000)}\n`);

    const all = [error?.message, ...(error?.problems ?? []).map(({ message }) => message)].join("\n");
    expect(all).toContain("token REDACTED refused");
    expect(all).not.toContain(secret);
    expect(all).not.toContain("\u001b");
    expect(all.length).toBeLessThan(3000);
  });
});
