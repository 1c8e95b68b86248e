import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RackStatus } from "../../../../src/lab/rack/control-protocol.ts";
import { askRack, serveControl } from "../../../../src/lab/rack/control-socket.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skerry-socket-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const status: RackStatus = {
  name: "r",
  interior: "modelled",
  slot: 1,
  networkFaults: [],
  endpoint: "127.0.4.5",
  kubernetes: false,
  pid: 1,
  memoryBytes: 1,
  machines: [],
};
const call = () => ({ name: "r", signal: AbortSignal.timeout(5000) });

describe("askRack()", () => {
  it("brings a command to the supervisor and its answer back", async () => {
    const path = join(folder, "control.sock");
    const asked: unknown[] = [];
    const stop = await serveControl(path, (command) => {
      asked.push(command);
      return Promise.resolve({ ok: true, status });
    });

    const answer = await askRack(path, { do: "power-off", node: "cp-1" }, call());

    expect(answer).toEqual(status);
    expect(asked).toEqual([{ do: "power-off", node: "cp-1" }]);
    await stop();
  });

  it("says that nobody answers, with the command that helps", async () => {
    await expect(askRack(join(folder, "control.sock"), { do: "status" }, call())).rejects.toMatchObject({
      code: "LAB_RACK_NOT_RUNNING",
    });
  });

  it("hands on what the supervisor refuses", async () => {
    const path = join(folder, "control.sock");
    const stop = await serveControl(path, () =>
      Promise.resolve({ ok: false, code: "LAB_NODE_UNKNOWN", message: "rack r has no machine x" }),
    );

    await expect(askRack(path, { do: "power-on", node: "x" }, call())).rejects.toMatchObject({
      code: "LAB_NODE_UNKNOWN",
    });
    await stop();
  });
});

describe("serveControl()", () => {
  it.each(["{", '{"do":"format-disk"}', '{"do":"inject","fault":{"kind":"dead"}}'])(
    "refuses the line %s",
    async (line) => {
      const path = join(folder, "control.sock");
      const stop = await serveControl(path, () => Promise.reject(new Error("must not be asked")));
      const socket = connect(path);
      socket.setEncoding("utf8");

      socket.write(`${line}\n`);
      const said = await new Promise<string>((resolve) => socket.once("data", (data) => resolve(String(data))));

      expect(JSON.parse(said)).toMatchObject({ ok: false, code: "BAD_REQUEST" });
      socket.destroy();
      await stop();
    },
  );
});
