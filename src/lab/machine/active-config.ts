import { createHash } from "node:crypto";
import { checkConfig } from "../config-check/check.ts";
import type { AppliedConfig } from "../interior.ts";
import { asRecord, textOf, textsOf } from "./values.ts";

/** Reads a config that was accepted before (from the disk); undefined when it no longer holds. */
export function readApplied(text: string): AppliedConfig | undefined {
  const checked = checkConfig(text, { installed: true });
  if (checked.refused !== undefined || checked.v1alpha1 === undefined) return undefined;
  return toApplied(text, checked.v1alpha1, checked.documents);
}

export function toApplied(
  text: string,
  v1alpha1: Readonly<Record<string, unknown>>,
  documents: AppliedConfig["documents"],
): AppliedConfig {
  const type = asRecord(v1alpha1["machine"])["type"];
  return { text, v1alpha1, documents, role: type === "controlplane" || type === "init" ? "controlplane" : "worker" };
}

/** The name that documents give the node; without one a stable name made from its hardware, `talos-abc-xyz`. */
export function hostnameFrom(
  documents: AppliedConfig["documents"],
  v1alpha1: Readonly<Record<string, unknown>> | undefined,
  uuid: string,
): string {
  const document = documents.find(({ kind }) => kind === "HostnameConfig");
  const legacy = asRecord(asRecord(v1alpha1?.["machine"])["network"])["hostname"];
  return textOf(document?.["hostname"]) ?? textOf(legacy) ?? stableName(uuid);
}

function stableName(uuid: string): string {
  const letters = BigInt(`0x${createHash("sha256").update(uuid).digest("hex").slice(0, 16)}`).toString(36);
  return `talos-${letters.slice(0, 3)}-${letters.slice(3, 6)}`;
}

/** PEM certificate and key of `machine.ca`, and whatever else is accepted. */
export function authoritiesOf(v1alpha1: Readonly<Record<string, unknown>>): {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly acceptedPem: string;
} {
  const machine = asRecord(v1alpha1["machine"]);
  const ca = asRecord(machine["ca"]);
  const accepted = Array.isArray(machine["acceptedCAs"]) ? machine["acceptedCAs"] : [];
  return {
    certificatePem: fromBase64(ca["crt"]),
    keyPem: fromBase64(ca["key"]),
    acceptedPem: accepted.map((entry) => fromBase64(asRecord(entry)["crt"])).join("\n"),
  };
}

/** `machine.certSANs` */
export function certSansOf(v1alpha1: Readonly<Record<string, unknown>>): readonly string[] {
  return textsOf(asRecord(v1alpha1["machine"])["certSANs"]);
}

export function fromBase64(value: unknown): string {
  return typeof value === "string" ? Buffer.from(value, "base64").toString("utf8") : "";
}
