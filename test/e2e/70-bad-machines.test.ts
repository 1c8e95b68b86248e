import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { commandRack } from "../../src/lab/index.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { connectNode } from "../../src/talos/api/index.ts";
import { issueTalosClient, mintSecrets, readSecrets, writeSecrets } from "../../src/talos/pki/index.ts";
import { type Desk, freePort, openDesk, refusalIn, siteText } from "../support/desk.ts";

/** Machines that are not what site.yaml says, in one rack of a control plane and a worker; the tests follow each other. */
let desk: Desk;
let siteFile = "";
let siteAsMade = "";
const signal = AbortSignal.timeout(600_000);
beforeAll(async () => {
  desk = await openDesk();
  const nodes = [
    "{name: cp-1, role: controlplane, address: 10.5.0.2, disk: {path: /dev/sda}}",
    "{name: w-1, role: worker, address: 10.5.0.3, disk: {path: /dev/sda}}",
  ];
  await desk.write("site.yaml", siteText({ nodes, endpoint: "10.5.0.2", mirrorPort: await freePort("127.5.0.1") }));
  expect((await desk.create()).code).toBe(0);
  expect((await desk.json(["lab", "up", "rock", "--no-kubernetes"])).code).toBe(0);
  siteFile = join(rackFolder(), "site", "site.yaml");
  siteAsMade = readFileSync(siteFile, "utf8");
});
afterEach(() => {
  if (siteAsMade !== "") writeFileSync(siteFile, siteAsMade);
});
afterAll(async () => {
  await desk?.json(["lab", "down", "rock"]);
  await desk?.[Symbol.asyncDispose]();
});

const rackFolder = () => join(desk.stateHome, "skerry", "racks", "rock");
const beside = (file: string) => join(siteFile, "..", file);
const up = (...more: readonly string[]) => desk.json(["up", "--rack", "rock", "--yes", "--until", "install", ...more]);
const stages = async () => {
  const { machines } = await commandRack(
    "rock",
    { do: "status" },
    { stateDir: join(desk.stateHome, "skerry"), signal },
  );
  return Object.fromEntries(machines.map(({ name, stage }) => [name, stage]));
};
const untouched = { "cp-1": "maintenance", "w-1": "maintenance" };
const change = (from: string | RegExp, to: string) => {
  const changed = siteAsMade.replace(from, to);
  if (changed === siteAsMade) throw new Error(`site.yaml has no ${from}`);
  writeFileSync(siteFile, changed);
};
const addressOf = (name: string) => new RegExp(`name: ${name},.*address: ([0-9.]+)`).exec(siteAsMade)?.[1] ?? "";
const cpDisk = /(name: cp-1,.*disk: ?)\{ ?path: \/dev\/sda ?\}/;
const workerDisk = /(name: w-1,.*disk: ?)\{ ?path: \/dev\/sda ?\}/;

describe("skerry up, before the first apply", () => {
  it.each([
    ["no disk matches on the control plane", cpDisk, "$1{serial: NOBODY}", "NODE_DISK_NOT_FOUND"],
    ["two disks match on the control plane", cpDisk, '$1{size: ">= 1 GB"}', "NODE_DISK_AMBIGUOUS"],
    [
      "the control plane shows another fingerprint than the pinned one",
      "name: cp-1,",
      `name: cp-1, fingerprint: ${randomBytes(32).toString("base64")},`,
      "NODE_FINGERPRINT_MISMATCH",
    ],
  ] as const)("stops when %s; every machine stays in maintenance", async (_what, from, to, code) => {
    change(from, to);

    const error = refusalIn(await up(), code);

    expect(error.where["node"]).toBe("cp-1");
    expect(await stages()).toEqual(untouched);
    if (code !== "NODE_FINGERPRINT_MISMATCH") {
      expect(error.next.join("\n")).toContain("skerry nodes disks cp-1");
      expect(error.problems.map(({ message }) => message).join("\n")).toContain("/dev/sda  serial SK");
    }
    const dry = await desk.json(["up", "--rack", "rock", "--dry-run"]);
    expect(dry.document.error?.code).toBe(code);
    expect(dry.code).toBe(dry.document.exitCode);
    expect(dry.code).not.toBe(0);
  });

  it("stops when a patch names a time server of the internet", async () => {
    await writeFile(
      beside("time.yaml"),
      "apiVersion: v1alpha1\nkind: TimeSyncConfig\nenabled: true\nntp: {servers: [pool.ntp.org]}\n",
    );
    writeFileSync(siteFile, `${siteAsMade}machineConfigs: {all: [./time.yaml]}\n`);

    const error = refusalIn(await up(), "CONFIG_POINTS_OUTSIDE");

    expect(error.problems).toHaveLength(2);
    expect(error.problems[0]?.message).toContain("pool.ntp.org");
    expect(await stages()).toEqual(untouched);
  });
});

describe("skerry up with a worker that cannot be installed", () => {
  it("sets it aside, finishes the rest and ends with 9", async () => {
    change(workerDisk, "$1{serial: NOBODY}");

    const answer = await up();

    const error = refusalIn(answer, "NODES_SET_ASIDE");
    expect(answer.code).toBe(9);
    expect(error.problems.map(({ where }) => where?.["node"])).toEqual(["w-1"]);
    expect(answer.document.setAside).toMatchObject([{ node: "w-1", error: { code: "NODE_DISK_NOT_FOUND" } }]);
    expect((await stages())["cp-1"]).toMatch(/booting|running/);
  });

  it("takes it up again when site.yaml is right, and touches nothing else", async () => {
    const answer = await up();

    expect(answer.code, answer.stderr).toBe(0);
    expect(Object.values(await stages())).not.toContain("maintenance");
    const again = await up();
    expect([again.code, again.document.changed]).toEqual([0, 0]);
  });
});

describe("machines that are configured", () => {
  /** Another set of secrets beside the site's, or none, while `work` goes on. */
  async function without(
    work: () => Promise<void>,
    files: readonly string[],
    others?: Readonly<Record<string, string>>,
  ) {
    for (const file of files) await rename(beside(file), beside(`${file}.kept`));
    try {
      for (const [file, text] of Object.entries(others ?? {})) await writeFile(beside(file), text, { mode: 0o600 });
      await work();
    } finally {
      for (const file of files) await rename(beside(`${file}.kept`), beside(file));
    }
  }

  it("are left alone when both files of secrets are missing", async () => {
    await without(async () => {
      const error = refusalIn(await up(), "SITE_SECRETS_MISSING");

      expect(error.message).toContain("cp-1");
      expect(existsSync(beside("secrets.yaml"))).toBe(false);
    }, ["secrets.yaml", "site-secrets.yaml"]);
  });

  it("are left alone when secrets.yaml alone is missing", async () => {
    await without(async () => {
      const error = refusalIn(await up(), "SITE_SECRETS_MISSING");

      expect(error.where["file"]).toBe(beside("secrets.yaml"));
      expect(existsSync(beside("secrets.yaml"))).toBe(false);
    }, ["secrets.yaml"]);
  });

  it("are named when they belong to another cluster", async () => {
    const strange = writeSecrets(await mintSecrets({ clock: systemClock, random: randomBytes }));
    await without(
      async () => {
        const error = refusalIn(await up(), "NODE_IN_OTHER_CLUSTER");

        expect(error.problems.map(({ where }) => where?.["node"])).toEqual(["cp-1", "w-1"]);
        const list = await desk.json(["nodes", "list", "--rack", "rock"]);
        expect(list.stdout).toContain("another cluster");
      },
      ["secrets.yaml"],
      { "secrets.yaml": strange },
    );
  });

  it("refuse a client without the site's certificate while shaking hands", async () => {
    const ports = { clock: systemClock, random: randomBytes };
    const own = readSecrets(readFileSync(beside("secrets.yaml"), "utf8"), { file: "secrets.yaml" });
    const strange = await mintSecrets(ports);
    const stranger = issueTalosClient(strange.certs.os, {}, ports);
    const address = addressOf("cp-1");
    const identity = {
      kind: "admin",
      ca: own.certs.os.certificatePem,
      crt: stranger.certificatePem,
      key: stranger.keyPem,
    };
    const client = connectNode({ node: "cp-1", address, identity: { ...identity, kind: "admin" } });

    await expect(client.version({ signal })).rejects.toMatchObject({ code: "NODE_REFUSED_IDENTITY" });

    client.close();
    expect(await alertFor(address)).toBe("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED");
  });

  it("are not spoken to while the pinned certificate is another", async () => {
    await expect(
      connectNode({ node: "w-1", address: addressOf("w-1"), identity: { kind: "maintenance" } }).version({ signal }),
    ).rejects.toMatchObject({ code: "NODE_NOT_IN_MAINTENANCE" });
  });
});

describe("skerry up with a bundle that has a damaged blob", () => {
  it("stops, says which blob, and gives it to no node", async () => {
    await using own = await openDesk();
    const nodes = ["{name: cp-1, role: controlplane, address: 10.5.0.2, disk: {path: /dev/sda}}"];
    await own.write("site.yaml", siteText({ nodes, endpoint: "10.5.0.2", mirrorPort: await freePort("127.5.0.1") }));
    expect((await own.create()).code).toBe(0);
    const bytes = readFileSync(own.bundleFile);
    const offset = bytes.indexOf("layer of ghcr.io/siderolabs/installer");
    bytes.writeUInt8(bytes.readUInt8(offset) ^ 1, offset);
    await writeFile(own.bundleFile, bytes);
    expect((await own.json(["lab", "up", "rock", "--no-kubernetes"])).code).toBe(0);
    try {
      const error = refusalIn(
        await own.json(["up", "--rack", "rock", "--yes", "--until", "install"]),
        "MIRROR_CONTENT_DAMAGED",
      );

      expect(error.where["file"]).toBe(own.bundleFile);
      expect(error.next.join("\n")).toContain("skerry bundle verify");
      const folder = join(own.stateHome, "skerry", "racks", "rock");
      const log = readFileSync(join(folder, "state", "mirror.log"), "utf8");
      expect(log).toContain('"code":"MIRROR_CONTENT_DAMAGED"');
      const blobs = readdirSync(join(folder, "store", "blobs", "sha256"));
      const installer = createHash("sha256").update("layer of ghcr.io/siderolabs/installer:v1.13.9").digest("hex");
      expect(blobs).not.toContain(installer);
      expect(
        blobs.map((name) => readFileSync(join(folder, "store", "blobs", "sha256", name), "utf8")),
      ).not.toContainEqual(expect.stringContaining("ghcr.io/siderolabs/installer"));
    } finally {
      await own.json(["lab", "down", "rock"]);
    }
  });
});

/** What a node answers to a client that has no certificate at all. */
async function alertFor(host: string): Promise<string | undefined> {
  return await new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: 50_000,
      ALPNProtocols: ["h2"],
      minVersion: "TLSv1.3",
      rejectUnauthorized: false,
    });
    socket.once("secureConnect", () => socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
    socket.once("data", () => reject(new Error("it answered")));
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
    socket.once("close", () => resolve(undefined));
  });
}
