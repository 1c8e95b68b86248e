import { readdirSync, readFileSync, statSync } from "node:fs";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ensureParts, type Internet, startInternet } from "../../parts/index.ts";
import { bundleKeys } from "../support/bundles.ts";
import { freePort } from "../support/desk.ts";
import { skerry } from "../support/skerry.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A whole `up`, as talkative as it gets, and then a search for every secret of the site in all that it left for people to read. */
const signal = AbortSignal.timeout(900_000);
let temporary: Awaited<ReturnType<typeof temporaryFolder>>;
let internet: Internet | undefined;
let folder = "";
let stateHome = "";
/** What was printed, by command. */
const printed = new Map<string, string>();
/** Command lines and environments of all processes of this run that were seen meanwhile. */
const processes = new Set<string>();

const run = async (...args: readonly string[]) => {
  const { code, stdout, stderr } = await skerry(args, { cwd: folder, stateDir: stateHome });
  printed.set(args.join(" "), `${stdout}\n${stderr}`);
  return { code, stderr };
};

/** All of this run's processes work below the temporary folder, or were started with its name. */
function lookAtProcesses(): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const text = ["cmdline", "environ"].map((file) => readFileSync(join("/proc", pid, file), "utf8")).join("\n");
      if (text.includes(temporary.path)) processes.add(text.replaceAll("\0", " "));
    } catch {
      // It ended meanwhile, or is somebody else's.
    }
  }
}

beforeAll(async () => {
  await ensureParts({ signal });
  temporary = await temporaryFolder();
  folder = join(temporary.path, "site");
  stateHome = join(temporary.path, "state");
  await cp("bundles/demo", folder, { recursive: true });
  const keys = bundleKeys();
  await writeFile(join(folder, "demo.key"), keys.privatePem, { mode: 0o600 });
  await writeFile(join(folder, "demo.pub"), keys.publicPem);
  const site = await readFile(join(folder, "site.yaml"), "utf8");
  const port = await freePort("127.5.0.1");
  const smaller = site.replace(/^ {2}- \{name: w-2.*\n/m, "").concat(`mirror: {port: ${port}}\n`);
  expect(smaller).not.toContain("w-2");
  await writeFile(join(folder, "site.yaml"), smaller);

  internet = await startInternet({ signal });
  const overrides = Object.entries(internet.overrides).flatMap(([host, url]) => [
    "--registry-override",
    `${host}=${url}`,
  ]);
  expect((await run("bundle", "create", ...overrides, "--debug", "-v")).code).toBe(0);
  await internet.stop();
  internet = undefined;
  expect((await run("lab", "up", "audit", "--debug", "-v")).code).toBe(0);
  const watching = setInterval(lookAtProcesses, 500);
  try {
    const up = await run("up", "--rack", "audit", "--yes", "--debug", "-v");
    expect(up.code, up.stderr).toBe(0);
    for (const more of [
      ["up", "--rack", "audit", "--yes", "--events", "--debug"],
      ["up", "--rack", "audit", "--dry-run", "--json"],
      ["config", "render", "--rack", "audit", "--json"],
      ["status", "--rack", "audit", "--json", "--debug"],
      ["nodes", "list", "--rack", "audit", "--json"],
    ])
      await run(...more);
  } finally {
    clearInterval(watching);
  }
});
afterAll(async () => {
  await internet?.stop();
  if (stateHome !== "") await skerry(["lab", "down", "audit"], { cwd: folder, stateDir: stateHome });
  await temporary?.[Symbol.asyncDispose]();
});

const rack = (...path: readonly string[]) => join(stateHome, "skerry", "racks", "audit", ...path);

/** Every text in a YAML document, with where it is. */
function textsOf(value: unknown, path = ""): readonly (readonly [string, string])[] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsOf(inner, `${path}.${key}`));
}

/** The forms in which a secret may turn up: as it is, without its base64, and the lines of a PEM body. */
function formsOf(text: string): readonly string[] {
  const decoded = Buffer.from(text, "base64").toString("latin1");
  const pems = [text, decoded].filter((each) => each.includes("-----BEGIN"));
  const lines = pems.flatMap((pem) => pem.split("\n").filter((line) => line.length >= 32 && !line.startsWith("-----")));
  return [text.trim(), ...pems.map((pem) => pem.trim()), ...lines];
}

/** Public by nature: certificates, and the cluster's name for itself. */
const isPublic = (path: string) =>
  /\.(crt|id|apiVersion|kind|certificate-authority-data|client-certificate-data|ca)$/.test(path);

function secretsOf(files: readonly string[]): ReadonlyMap<string, string> {
  const found = files.flatMap((file) =>
    textsOf(parse(readFileSync(file, "utf8")))
      .filter(([path, text]) => !isPublic(path) && text.length >= 16 && !/^https?:/.test(text))
      .flatMap(([path, text]) => formsOf(text).map((form) => [form, `${file}${path}`] as const)),
  );
  return new Map(found);
}

describe("the secrets of a site", () => {
  const kept = () => [
    rack("site", "secrets.yaml"),
    rack("site", "site-secrets.yaml"),
    rack("state", "kubeconfig"),
    rack("state", "talosconfig"),
  ];
  const leaksIn = (text: string) =>
    [...secretsOf(kept())].filter(([form]) => text.includes(form)).map(([, where]) => where);

  it("are found by this search where they are meant to be, readable by their owner only", () => {
    expect(secretsOf(kept()).size).toBeGreaterThan(40);
    for (const file of kept()) {
      expect(leaksIn(readFileSync(file, "utf8")), file).not.toEqual([]);
      expect(statSync(file).mode & 0o777, file).toBe(0o600);
    }
  });

  it("are in nothing that any command printed", () => {
    expect([...printed.keys()]).toContain("up --rack audit --yes --debug -v");
    for (const [command, text] of printed) expect(leaksIn(text), command).toEqual([]);
  });

  it.each(["events.ndjson", "journal.jsonl", "mirror.log", "bootstrap.json"])("are not in %s", (file) => {
    const text = readFileSync(rack("state", file), "utf8");

    expect(text.length).toBeGreaterThan(0);
    expect(leaksIn(text)).toEqual([]);
  });

  it("are not in the log of the rack, nor in rack.json", () => {
    for (const file of ["supervisor.log", "rack.json"])
      expect(leaksIn(readFileSync(rack(file), "utf8")), file).toEqual([]);
  });

  it("are in no command line and no environment of a process", () => {
    expect([...processes].some((text) => text.includes("kube-apiserver"))).toBe(true);
    expect([...processes].flatMap(leaksIn)).toEqual([]);
  });
});
