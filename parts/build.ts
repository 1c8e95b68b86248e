import { parseArgs } from "node:util";
import { OperatorError } from "../src/lib/errors/index.ts";
import { findPart, type PartName, parts } from "./catalog.ts";
import { ensureChartEngine } from "./ensure-chart-engine.ts";
import { ensureImages } from "./ensure-images.ts";
import { ensureLabRootfs } from "./ensure-lab-rootfs.ts";
import { ensureParts } from "./ensure-parts.ts";
import { interruptible } from "./interruptible.ts";
import { progressView } from "./progress-view.ts";
import type { Report } from "./report.ts";

/** What is made of parts. */
const wholes = ["chart-engine", "images", "lab-rootfs"] as const;
type Name = PartName | (typeof wholes)[number];

const usage = `Builds the real programs that tests and rehearsals run, and the images made from them.

  node parts/build.ts                        everything, about 15 minutes the first time
  node parts/build.ts --only etcd,kubectl    these parts; "images" stands for the images and what they need,
                                             "lab-rootfs" for the root filesystem of simulated nodes,
                                             "chart-engine" for the engine as it ships

Progress goes to standard error; the answer, one "name path" per line, to standard output.
Names: ${[...parts.map((part) => part.name), ...wholes].join(", ")}
`;

function chosenNames(only: string | undefined): readonly Name[] {
  if (only === undefined) return [...parts.map((part) => part.name), ...wholes];
  return only.split(",").map((name) => {
    const whole = wholes.find((one) => one === name);
    if (whole !== undefined) return whole;
    const part = findPart(name);
    if (part !== undefined) return part.name;
    throw new OperatorError("PARTS_NAME_UNKNOWN", `no part is called "${name}"`, {
      next: [`Choose from: ${parts.map((row) => row.name).join(", ")}, ${wholes.join(", ")}`],
    });
  });
}

async function build(only: string | undefined, signal: AbortSignal): Promise<void> {
  const names = chosenNames(only);
  const view = progressView(process.stderr);
  try {
    // What is made of parts names them once more.
    const told = new Set<string>();
    const report: Report = (event) => {
      if (event.kind === "cached" && told.has(event.name)) return;
      if (event.kind === "cached" || event.kind === "finished") told.add(event.name);
      view.report(event);
    };
    const wanted = names.filter((name) => !wholes.some((whole) => whole === name)) as readonly PartName[];
    const paths = await ensureParts({ only: wanted, signal, report });
    for (const name of wanted) process.stdout.write(`${name} ${paths[name]}\n`);
    if (names.includes("chart-engine"))
      process.stdout.write(`chart-engine ${await ensureChartEngine({ signal, report })}\n`);
    if (names.includes("images")) {
      const images = await ensureImages({ signal, report });
      process.stdout.write(`images ${images.layoutFolder}\n`);
    }
    if (names.includes("lab-rootfs")) process.stdout.write(`lab-rootfs ${await ensureLabRootfs({ signal, report })}\n`);
  } finally {
    view.stop();
  }
}

const { values } = parseArgs({ options: { only: { type: "string" }, help: { type: "boolean", short: "h" } } });
if (values.help === true) {
  process.stdout.write(usage);
} else {
  await interruptible((signal) => build(values.only, signal));
}
