import { execa } from "execa";
import { OperatorError } from "../../../lib/errors/index.ts";

export interface KustomizeRequest {
  /** Folder, or what kustomize fetches itself. */
  readonly target: string;
  readonly allowAnyDirectory: boolean;
  readonly enablePlugins: boolean;
  readonly signal: AbortSignal;
}

/** Builds a kustomization into the text of its objects. */
export type Kustomize = (request: KustomizeRequest) => Promise<string>;

const outputLimitBytes = 64 << 20;

/**
 * `kubectl kustomize`, from the PATH.
 *
 * @throws OperatorError PACKAGE_KUBECTL_MISSING, PACKAGE_KUSTOMIZE_FAILED with what kubectl says
 */
export const kubectlKustomize: Kustomize = async ({ target, allowAnyDirectory, enablePlugins, signal }) => {
  const { stdout, stderr, failed, exitCode, code } = await execa(
    "kubectl",
    [
      "kustomize",
      target,
      ...(allowAnyDirectory ? ["--load-restrictor=LoadRestrictionsNone"] : []),
      ...(enablePlugins ? ["--enable-alpha-plugins"] : []),
    ],
    { cancelSignal: signal, reject: false, stdin: "ignore", maxBuffer: outputLimitBytes, stripFinalNewline: false },
  );
  signal.throwIfAborted();
  if (!failed) return stdout;
  if (code === "ENOENT")
    throw new OperatorError(
      "PACKAGE_KUBECTL_MISSING",
      `${target} is a kustomization, and kubectl is not on this machine`,
      {
        where: { file: target },
        next: ["install kubectl, which builds kustomizations", "or list the built objects under files"],
      },
    );
  throw new OperatorError(
    "PACKAGE_KUSTOMIZE_FAILED",
    `kubectl kustomize ${target} failed${exitCode === undefined ? "" : ` (exit ${exitCode})`}: ${stderr.trim().slice(0, 2000)}`,
    { where: { file: target }, next: [`kubectl kustomize ${target}   shows the same`] },
  );
};
