import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { skerry, skerryFile } from "../support/skerry.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const O_NONBLOCK = 0o4000;
const site = `apiVersion: skerry.dev/v1alpha1
kind: Site
name: lone
talos: v1.13.9
kubernetes: v1.36.3
endpoint: 10.5.0.2
cni: none
nodes:
  - {name: cp-1, role: controlplane, address: 10.5.0.2, disk: {path: /dev/sda}}
`;

/** What each of its streams is to the command: as `open` has it. */
const look = "for stream in 0 1 2; do grep flags /proc/self/fdinfo/$stream; done";

describe("skerry lab exec", () => {
  it("hands its pipes on as it got them: programs that are told to try again later lose bytes", async () => {
    await using folder = await temporaryFolder();
    const options = { cwd: folder.path, stateDir: join(folder.path, "state") };
    await writeFile(join(folder.path, "site.yaml"), site);
    const up = await skerry(["lab", "up", "--interior", "modelled", "--no-kubernetes"], options);
    expect(up.code, up.stderr).toBe(0);
    try {
      const script = `sleep 1 | "$0" "$1" lab exec lone -- sh -c '${look}' 2> >(cat >&2) | cat`;

      const { stdout } = await promisify(execFile)("bash", ["-c", script, process.execPath, skerryFile], {
        cwd: folder.path,
        env: { ...process.env, XDG_STATE_HOME: options.stateDir },
      });

      const flags = stdout.match(/\d+/g)?.map((octal) => Number.parseInt(octal, 8) & O_NONBLOCK);
      expect(flags).toEqual([0, 0, 0]);
    } finally {
      await skerry(["lab", "down", "lone"], options);
    }
  });
});
