import type { Bundle } from "../../../src/bundle/index.ts";
import { realPorts } from "../../../src/journeys/real-ports.ts";
import type { UpContext } from "../../../src/journeys/up/context.ts";
import { parseSite } from "../../../src/site/index.ts";
import { leapingClock } from "../../support/leaping-clock.ts";

/** A site.yaml with these nodes: "cp-1 w-1" by their names. */
export function siteOf(names: string, more = ""): string {
  const nodes = names.split(" ").map((name, index) => {
    const role = name.startsWith("cp") ? "controlplane" : "worker";
    return `  - {name: ${name}, role: ${role}, address: 10.5.0.${index + 10}, disk: {path: /dev/sda}}\n`;
  });
  const head = "apiVersion: skerry.dev/v1alpha1\nkind: Site\nname: rock\ntalos: v1.13.9\nkubernetes: v1.36.3\n";
  return `${head}endpoint: 10.5.0.100\nnodes:\n${nodes.join("")}${more}`;
}

/** What plans are given; whoever asks its bundle or journal for anything is not pure. */
export function contextOf(site: string, memory: UpContext["memory"] = {}): UpContext {
  const forbidden = new Proxy({} as Bundle, {
    get: () => {
      throw new Error("a plan looks at nothing");
    },
  });
  return {
    site: parseSite(site, "/site/site.yaml"),
    bundle: forbidden,
    stateFolder: "/state/sites/rock",
    journal: {
      lastSuccess: () => undefined,
      append: () => Promise.reject(new Error("a plan writes nothing")),
      close: async () => {},
    },
    memory,
    ports: realPorts,
    world: {
      clock: leapingClock(),
      random: () => 0.5,
      signal: new AbortController().signal,
      notice: () => undefined,
      cacheDir: "/cache",
      concurrency: 8,
    },
  };
}
