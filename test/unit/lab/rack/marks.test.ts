import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { newRackId } from "../../../../src/lab/contained/node/cgroups.ts";
import { isOfState, markedProcesses, markIn, markOf } from "../../../../src/lab/rack/marks.ts";

const id = newRackId();
const mark = { id, folder: "/state/racks/größe 1" };

describe("markIn()", () => {
  it("finds what markOf() has put there", () => {
    expect(markIn({ ...markOf(mark), PATH: "/bin" })).toEqual(mark);
  });

  it("finds nothing in an id that a rack cannot have, nor in half a mark", () => {
    expect(markIn({ ...markOf(mark), SKERRY_RACK: "0123456789abcdef" })).toBeUndefined();
    expect(markIn({ SKERRY_RACK: id })).toBeUndefined();
  });
});

describe("isOfState()", () => {
  it("wants the rack's folder right in the folder of racks", () => {
    expect(isOfState(mark, "/state/racks")).toBe(true);
    expect(isOfState(mark, "/state")).toBe(false);
    expect(isOfState({ ...mark, folder: "/state/racks-of-others/x" }, "/state/racks")).toBe(false);
  });
});

describe.skipIf(process.platform !== "linux")("markedProcesses() (needs Linux)", () => {
  it("finds a process that was started with a mark, until it has ended, and never this one", async () => {
    const child = spawn("sleep", ["60"], { env: { ...process.env, ...markOf(mark) } });
    await once(child, "spawn");
    const ours = () => markedProcesses().filter((each) => each.mark.id === id);

    expect(ours()).toMatchObject([{ pid: child.pid, mark }]);
    child.kill("SIGKILL");
    await once(child, "exit");

    expect(ours()).toEqual([]);
  });
});
