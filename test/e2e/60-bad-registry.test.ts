import { existsSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bundleText, type Desk, openDesk, refusalIn } from "../support/desk.ts";
import type { Misbehaviour } from "../support/registry.ts";

/** Registries that fail while a bundle is made: nothing that is not whole and right gets a bundle's name. */
let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(async () => await desk?.[Symbol.asyncDispose]());

const pause = "registry.k8s.io/pause";
let count = 0;
let name = "";
beforeEach(async () => {
  count += 1;
  name = `rock-${count}`;
  await desk.write(`${name}.yaml`, bundleText.replace("name: rock", `name: ${name}`));
});
const made = () => existsSync(`${desk.folder}/${name}.bundle.tar`);
const create = () => desk.create(`${name}.yaml`);
/** Digests of the layers whose text begins so. */
const layersOf = ({ registry }: Desk, image = "") =>
  [...registry.blobs].filter(([, bytes]) => Buffer.from(bytes).includes(`layer of ${image}`)).map(([digest]) => digest);

describe("skerry bundle create from a registry that fails", () => {
  const always = Number.POSITIVE_INFINITY;
  it.each<readonly [string, Misbehaviour, number]>([
    ["answers 500 for a blob for a while", { kind: "status", status: 500 }, 2],
    ["cuts the connection once", { kind: "cut", afterBytes: 5 }, 1],
  ])("gets over one that %s", async (_what, does, times) => {
    desk.registry.misbehave({ path: new RegExp(`blobs/${layersOf(desk, pause)[0]}$`), does, times });

    const answer = await create();

    expect(answer.code, answer.stderr).toBe(0);
    expect((await desk.json(["bundle", "verify", `${name}.bundle.tar`, "--key", "rock.pub"])).code).toBe(0);
  });

  it.each<readonly [string, RegExp, Misbehaviour]>([
    ["answers 500 for every manifest of an image", /pause\/manifests/, { kind: "status", status: 500 }],
    ["sends something else for a manifest", /pause\/manifests/, { kind: "wrong-bytes" }],
    ["sends a manifest without end", /pause\/manifests/, { kind: "endless" }],
    ["always sends other bytes for a blob", /pause\/blobs/, { kind: "wrong-bytes" }],
    ["sends a blob without end", /pause\/blobs/, { kind: "endless" }],
    ["answers 500 for blobs", /pause\/blobs/, { kind: "status", status: 500 }],
  ])("names the image of one that %s, and makes no bundle", async (_what, path, does) => {
    await using broken = await openDesk();
    broken.registry.misbehave({ path, does, times: always });

    const error = refusalIn(await broken.create(), "BUNDLE_SOURCE_FAILED");

    expect(JSON.stringify([error.message, error.problems])).toContain(pause);
    expect(existsSync(broken.bundleFile)).toBe(false);
  });

  it.each<readonly [string, Misbehaviour]>([
    ["other bytes", { kind: "wrong-bytes" }],
    ["a refusal", { kind: "status", status: 403 }],
  ])("keeps what it has after %s, and fetches only the rest when it is run again", async (_what, does) => {
    await using broken = await openDesk();
    broken.registry.misbehave({ path: new RegExp(`blobs/${layersOf(broken, pause)[0]}$`), does, times: 1 });
    refusalIn(await broken.create(), "BUNDLE_SOURCE_FAILED");
    const before = broken.registry.requests.length;

    const second = await broken.create();

    expect(second.code, second.stderr).toBe(0);
    const asked = broken.registry.requests.slice(before).map(({ url }) => url);
    const fetched = layersOf(broken).filter((digest) => asked.some((url) => url.endsWith(`/blobs/${digest}`)));
    expect(fetched).toEqual(layersOf(broken, pause));
  });
});

describe("skerry bundle create when images are missing at their source", () => {
  it("lists all of them, with why they are needed", async () => {
    const missing = ["registry.k8s.io/ghost:1.0", "ghcr.io/nobody/spirit:2.0", "docker.io/library/shade:3"];
    await desk.write(
      `${name}.yaml`,
      `${bundleText.replace("name: rock", `name: ${name}`)}images: [${missing.join(", ")}]\n`,
    );

    const error = refusalIn(await create(), "BUNDLE_IMAGES_MISSING");

    expect(error.problems).toHaveLength(3);
    for (const reference of missing) {
      const problem = error.problems.find(({ message }) => message.includes(reference));
      expect(problem?.message).toContain("images of bundle.yaml");
    }
    expect(made()).toBe(false);
  });
});
