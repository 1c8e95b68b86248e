import { request } from "node:https";
import type { ClusterFacts } from "../../node/cluster-facts.ts";
import { KUBE_PRISM } from "./kubelet-config.ts";

const TIMEOUT_MS = 2000;

/** @returns a function that says whether an API server behind KubePrism takes the bootstrap token */
export function tokenProbe(facts: ClusterFacts): (signal: AbortSignal) => Promise<boolean> {
  return (signal) =>
    new Promise((resolve) => {
      const asked = request(
        {
          ...KUBE_PRISM,
          path: "/api",
          ca: facts.kubernetesCa?.crt,
          headers: { authorization: `Bearer ${facts.bootstrapToken}` },
          agent: false,
          timeout: TIMEOUT_MS,
          signal,
        },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode === 200);
        },
      );
      asked.once("timeout", () => asked.destroy());
      asked.once("error", () => resolve(false));
      asked.end();
    });
}
