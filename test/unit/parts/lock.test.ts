import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { getEventListeners, once } from "node:events";
import { describe, expect, it } from "vitest";
import { lock } from "../../../parts/lock.ts";

const never = (): never => {
  throw new Error("had to wait");
};

describe("lock()", () => {
  it("is free again once it is let go", async () => {
    const name = randomUUID();
    const { signal } = new AbortController();

    for (let round = 0; round < 3; round += 1) {
      await using _held = await lock(name, { signal, onWait: never });
    }

    await using _held = await lock(name, { signal, onWait: never });
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("lets others wait, names its process to them, and stops waiting when told to", async () => {
    const name = randomUUID();
    const controller = new AbortController();
    await using _held = await lock(name, { signal: new AbortController().signal, onWait: never });
    const told: string[] = [];

    const waiting = lock(name, {
      signal: controller.signal,
      onWait: (holder) => {
        told.push(holder);
        controller.abort(new Error("enough"));
      },
    });

    await expect(waiting).rejects.toThrow("enough");
    expect(told).toEqual([`process ${process.pid}`]);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });

  it("passes on when its process is killed", async () => {
    const name = randomUUID();
    const module = new URL("../../../parts/lock.ts", import.meta.url).href;
    const script = `const { lock } = await import(${JSON.stringify(module)});
      await lock(${JSON.stringify(name)}, { signal: new AbortController().signal, onWait: () => {} });
      process.stdout.write("held");`;
    const holder = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");

    const told: string[] = [];
    await using _held = await lock(name, {
      signal: new AbortController().signal,
      onWait: (who) => {
        told.push(who);
        holder.kill("SIGKILL");
      },
    });

    expect(told).toEqual([`process ${holder.pid}`]);
  });
});
