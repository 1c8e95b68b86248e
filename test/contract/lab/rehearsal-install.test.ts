import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { UpRehearsal } from "../../../src/journeys/index.ts";
import { parseFault } from "../../../src/lab/rehearsal/faults.ts";
import { openRehearsalDesk, type RehearsalDesk } from "../../support/rehearsal-desk.ts";

/** What `up` does about installations that are cut off or fail; in virtual time. */
let desk: RehearsalDesk;

beforeAll(async () => {
  desk = await openRehearsalDesk();
});
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]();
});

const again = (text: string, times: number) => Array.from({ length: times }, () => text);

async function upWith(...texts: readonly string[]): Promise<UpRehearsal> {
  const faults = texts.map((text) => parseFault(text)).filter((fault) => fault !== undefined);
  expect(faults).toHaveLength(texts.length);
  return (await desk.rehearse({ faults })).up;
}

const setAsideOf = ({ story }: UpRehearsal) => story.setAside.map(({ node, error }) => `${node} ${error.code}`);

describe("up over a machine that loses power while it installs", () => {
  it.each([
    ["cp-1", 1],
    ["cp-2", 2],
    ["w-1", 1],
    ["w-2", 2],
  ])("gives %s its config again after %i times, and says so", async (node, times) => {
    const { story, result } = await upWith(...again(`lose-power=${node}:installing`, times));

    expect(story.error).toBeUndefined();
    expect(setAsideOf({ story, result })).toEqual([]);
    expect(story.retries.map((retry) => `${retry.node} ${retry.code}`)).toEqual(
      again(`${node} NODE_INSTALL_FAILED`, times),
    );
    const told = story.notices.map(({ text }) => text).filter((text) => text.includes(node));
    expect(told).toHaveLength(times);
    expect(told[0]).toContain("ERASES /dev/");
    expect(told[0]).toContain("2 of 3");
  });

  it("sets a worker aside that never comes through, and brings up the others", async () => {
    const up = await upWith(...again("lose-power=w-1:installing", 3));

    expect(up.story.error).toBeUndefined();
    expect(setAsideOf(up)).toEqual(["w-1 NODE_INSTALL_FAILED"]);
    expect(up.story.setAside[0]?.error.message).toContain("3 times");
  });

  it("ends for a control plane that never comes through, with what to do", async () => {
    const { story } = await upWith(...again("lose-power=cp-2:installing", 3));

    expect(story.error).toMatchObject({ code: "NODE_INSTALL_FAILED", where: { node: "cp-2" } });
    expect(story.error?.message).toContain("3 times");
    expect(story.error?.next.join("\n")).toContain("skerry up");
    expect(story.durationMs).toBeLessThan(15 * 60_000);
  });
});

describe("up over a machine whose installer fails", () => {
  it.each([
    ["w-1", true],
    ["cp-1", false],
  ])("tells within seconds what %s says", async (node, isSetAside) => {
    const { story } = await upWith(`refuse-install=${node}`);

    const error = isSetAside ? story.setAside[0]?.error : story.error;
    expect(error).toMatchObject({ code: "NODE_INSTALL_FAILED", where: { node } });
    expect(error?.message).toContain("the installer was made to fail");
    expect(error?.message).toContain("/dev/sda");
    expect(error?.message).toContain("ghcr.io/siderolabs/installer:v1.13.9");
    expect(error?.next.join("\n")).toContain("skerry up");
    expect(error?.next.join("\n")).not.toContain("firewall");
    // A worker's API opens when a control plane has booted, who signs its certificate: then at once.
    const waits = story.phases.find(({ id }) => id === "install")?.waits ?? [];
    const bootedMs = waits.filter((wait) => wait.node !== node).map((wait) => wait.fromMs + wait.durationMs);
    if (isSetAside) expect((story.setAside[0]?.atMs ?? 0) - Math.min(...bootedMs)).toBeLessThan(5000);
    else expect(story.durationMs).toBeLessThan(40_000);
    expect(story.retries.filter((retry) => retry.node === node)).toEqual([]);
  });

  it("tells the same when it is run again while the machine still rests after its failure", async () => {
    const faults = [parseFault("refuse-install=cp-1")].filter((fault) => fault !== undefined);
    const { again: runs } = await desk.rehearse({ faults }, { again: 1 });

    expect(runs[0]?.story.error).toMatchObject({ code: "NODE_INSTALL_FAILED", where: { node: "cp-1" } });
    expect(runs[0]?.story.error?.message).toContain("the installer was made to fail");
    // The others come back from their reboot meanwhile.
    expect(runs[0]?.story.durationMs).toBeLessThan(90_000);
  });

  it("quotes what the mirror answered where the installer's image is missing", async () => {
    const image = "ghcr.io/siderolabs/installer:v1.13.9";
    const { story } = await upWith(`image-missing=${image}`);

    expect(story.error?.code).toBe("NODE_INSTALL_FAILED");
    expect(story.error?.message).toContain(image);
    expect(story.durationMs).toBeLessThan(60_000);
  });
});
