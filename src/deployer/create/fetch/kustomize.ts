import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { OperatorError } from "../../../lib/errors/index.ts";
import { emitYaml } from "../../../lib/yaml/index.ts";

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
 * `kubectl kustomize`, from the PATH. Objects come in the order of the kustomization, as Zarf has them: kubectl itself would sort
 * them by kind, so the kustomization is built through one that does not.
 *
 * @throws OperatorError PACKAGE_KUBECTL_MISSING, PACKAGE_KUSTOMIZE_FAILED with what kubectl says
 */
export const kubectlKustomize: Kustomize = async (request) => {
  const { target } = request;
  const around = await realpath(await mkdtemp(path.join(tmpdir(), "skerry-kustomize-")));
  try {
    const resource = path.isAbsolute(target) ? path.relative(around, await realOrSame(target)) : target;
    const kustomization = { resources: [resource], sortOptions: { order: "fifo" } };
    await writeFile(path.join(around, "kustomization.yaml"), emitYaml(kustomization));
    return await run(around, request);
  } finally {
    await rm(around, { recursive: true, force: true });
  }
};

/** What is not there is kubectl's to tell. */
const realOrSame = async (file: string): Promise<string> => await realpath(file).catch(() => file);

async function run(
  around: string,
  { target, allowAnyDirectory, enablePlugins, signal }: KustomizeRequest,
): Promise<string> {
  const { stdout, stderr, failed, exitCode, code } = await execa(
    "kubectl",
    [
      "kustomize",
      around,
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
}
