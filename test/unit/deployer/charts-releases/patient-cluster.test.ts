import { describe, expect, it } from "vitest";
import { patientCluster } from "../../../../src/deployer/charts/releases/patient-cluster.ts";
import type { Cluster, KubeObject } from "../../../../src/kube/index.ts";
import type { Clock } from "../../../../src/lib/clock.ts";
import { type ErrorCode, OperatorError } from "../../../../src/lib/errors/index.ts";

const { signal } = new AbortController();
const object: KubeObject = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } };

/** Time passes only by sleeping. */
function leapingClock(): Clock {
  let now = 0;
  return {
    now: () => new Date(now),
    sleep: async (ms) => {
      now += ms;
    },
  };
}

/** A cluster whose `apply` fails with these codes, one after the other, and then answers. */
function failing(
  codes: readonly ErrorCode[],
  options: { readonly hasAnswered?: boolean; readonly problems?: number } = {},
) {
  const left = [...codes];
  const problems = Array.from({ length: options.problems ?? 0 }, () => ({ message: ".data.v: conflict" }));
  const retried: string[] = [];
  const real = {
    version: async () => "v1.36.3",
    apply: async () => {
      const code = left.shift();
      if (code !== undefined) throw new OperatorError(code, code, { problems });
      return object;
    },
  } as unknown as Cluster;
  const cluster = patientCluster(real, { clock: leapingClock(), signal, onRetry: (what) => retried.push(what) });
  const apply = async () => {
    if (options.hasAnswered !== false) await cluster.version({ signal });
    return cluster.apply(object, { signal });
  };
  return { apply, retried, left };
}

const repeat = (code: ErrorCode, times: number): readonly ErrorCode[] => Array.from({ length: times }, () => code);

describe("patientCluster()", () => {
  it("outlives a server that restarts, roles and kinds that come late included", async () => {
    const { apply, retried } = failing(["KUBE_UNREACHABLE", "KUBE_UNAVAILABLE", "KUBE_FORBIDDEN", "KUBE_KIND_UNKNOWN"]);

    await expect(apply()).resolves.toBe(object);
    expect(retried).toEqual(["apply ConfigMap/a", "apply ConfigMap/a"]);
  });

  it("tries lost races again, some times", async () => {
    await expect(failing(repeat("KUBE_CONFLICT", 6)).apply()).resolves.toBe(object);
    await expect(failing(repeat("KUBE_CONFLICT", 7)).apply()).rejects.toMatchObject({ code: "KUBE_CONFLICT" });
  });

  it.each(["KUBE_FORBIDDEN", "KUBE_KIND_UNKNOWN", "KUBE_INVALID"] as const)(
    "takes %s for an answer at once",
    async (code) => {
      const { apply, left } = failing([code, code]);

      await expect(apply()).rejects.toMatchObject({ code });
      expect(left).toHaveLength(1);
    },
  );

  it("takes a conflict of fields for an answer at once", async () => {
    const { apply, left } = failing(repeat("KUBE_CONFLICT", 2), { problems: 1 });

    await expect(apply()).rejects.toMatchObject({ code: "KUBE_CONFLICT" });
    expect(left).toHaveLength(1);
  });

  it("does not wait for a cluster that has never answered", async () => {
    const { apply, left } = failing(repeat("KUBE_UNREACHABLE", 2), { hasAnswered: false });

    await expect(apply()).rejects.toMatchObject({ code: "KUBE_UNREACHABLE" });
    expect(left).toHaveLength(1);
  });

  it("gives up in the end, with what was said last", async () => {
    await expect(failing(repeat("KUBE_UNREACHABLE", 500)).apply()).rejects.toMatchObject({ code: "KUBE_UNREACHABLE" });
  });
});
