import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { rackProcesses } from "./rack-processes.ts";
import { startShell } from "./shell-session.ts";
import { skerry } from "./skerry.ts";

/** Somebody who types a page into a bash, with a home and a state folder that are the test's. */
export interface TutorialReader {
  readonly home: string;
  /** XDG_STATE_HOME of all that is typed. */
  readonly stateHome: string;
  /** Types a block and gives what was seen. Rejects when a command of it fails. */
  readonly types: (script: string) => Promise<string>;
  /** Ends the bash, takes the page's rack down where it is still up, and removes the home. */
  readonly leaves: () => Promise<void>;
}

/**
 * Starts the reader of a page. The cache is everybody's, so that nothing is built again.
 *
 * @param rack - the one that the page brings up
 */
export async function startReader(rack: string, options: { readonly signal: AbortSignal }): Promise<TutorialReader> {
  // What the page's first line would do here is done: it must not replace node_modules under a running test.
  const setUp = await readFile("node_modules/.skerry-lock", "utf8").catch(() => "");
  expect(setUp, "run `sh parts/setup.sh` first").not.toBe("");
  const home = await mkdtemp(join(tmpdir(), "skr-"));
  const stateHome = join(home, "state");
  await mkdir(stateHome);
  const { SKERRY_LAB_INTERIOR: _chosen, XDG_CACHE_HOME: cache, ...environment } = process.env;
  const shell = startShell({
    cwd: process.cwd(),
    env: {
      ...environment,
      HOME: home,
      XDG_STATE_HOME: stateHome,
      XDG_CACHE_HOME: cache ?? join(homedir(), ".cache"),
      NO_COLOR: "1",
    },
  });
  return {
    home,
    stateHome,
    types: shell.run,
    leaves: async () => {
      await shell.end();
      if (rackProcesses(stateHome, rack).length > 0) {
        await skerry(["lab", "down", rack], { cwd: home, stateDir: stateHome, ...options });
      }
      await rm(home, { recursive: true, force: true });
    },
  };
}
