import { createColors } from "picocolors";
import { describe, expect, it } from "vitest";
import { renderError } from "../../../../src/cli/views/error.ts";
import { OperatorError } from "../../../../src/lib/errors/index.ts";

const colors = createColors(false);
const plain = { colors, debug: false };

describe("renderError()", () => {
  it("says what failed, its code, where, what to do and what is true", () => {
    const error = new OperatorError("DOCUMENT_INVALID", "cp-2 (10.0.0.12) refused its machine config", {
      where: { phase: "Apply machine configs", node: "cp-2", file: "machineconfigs/node/cp-2/10-disk.yaml:3:5" },
      problems: [{ message: 'machine.install.disk: "/dev/sdz" does not exist on this node' }],
      next: [
        "skerry nodes disks cp-2   list the disks this node has",
        "skerry up   run again; finished steps are skipped",
      ],
    });

    expect(
      renderError(error, {
        ...plain,
        epilogue: '2 of 3 steps of "Apply machine configs" are done. Nothing was undone.',
        logFile: "/srv/state/skerry/sites/windpark-7/events.ndjson",
      }),
    ).toMatchSnapshot();
  });

  it("lists every problem with its place", () => {
    const error = new OperatorError("DOCUMENT_INVALID", "site.yaml does not describe a site that can be built", {
      where: { file: "site.yaml:3:1" },
      problems: [
        { message: 'unknown key "tallos"; did you mean "talos"?', where: { file: "site.yaml:3:1" } },
        { message: "two nodes have the address 10.5.0.2", where: { file: "site.yaml:14:5" } },
      ],
      next: ["correct the lines named above and run the command again"],
    });

    expect(renderError(error, plain)).toMatchSnapshot();
  });

  it("names nodes that were set aside", () => {
    const error = new OperatorError("NODES_SET_ASIDE", "done, except for w-1, w-2", {
      problems: [
        { message: "DEADLINE_EXCEEDED: nothing within 10 s", where: { node: "w-1" } },
        { message: "DEADLINE_EXCEEDED: nothing within 10 s", where: { node: "w-2" } },
      ],
      next: ["skerry up   run again; finished steps are skipped"],
    });

    expect(renderError(error, plain)).toMatchSnapshot();
  });

  it("calls a bug a bug", () => {
    expect(renderError(new TypeError("x is undefined"), plain)).toMatchSnapshot();
  });

  it("shows causes and stacks for --debug", () => {
    const error = new OperatorError("FILE_UNREADABLE", "a.yaml could not be read", {
      cause: new Error("EACCES: open"),
    });

    const text = renderError(error, { ...plain, debug: true });

    expect(text).toContain("OperatorError: a.yaml could not be read");
    expect(text).toMatch(/caused by\n {2}Error: EACCES: open\n {6}at /);
  });

  it("shows no secret and nothing that moves the cursor", () => {
    const error = new OperatorError("DOCUMENT_INVALID", "token: 4cgdfu.k2yygn2ohy5fmtjn\u001b[2J is refused");

    expect(renderError(error, plain).split("\n")[0]).toBe("✗ token: [redacted] is refused");
  });
});
