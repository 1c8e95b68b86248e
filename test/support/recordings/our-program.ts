import { writeFile } from "node:fs/promises";
import path from "node:path";
import {
  type ChartEngine,
  type DeployEvent,
  deployPackage,
  describeEvent,
  listPackages,
  openPackage,
  removePackage,
} from "../../../src/deployer/index.ts";
import { type DeploymentInputs, openDeployment, openRemoval } from "../../../src/journeys/index.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { isOperatorError } from "../../../src/lib/errors/index.ts";
import type { RecordingCluster } from "./recording-cluster.ts";
import type { Program } from "./replay.ts";
import type { ZarfCommand } from "./zarf-command.ts";

/** What is known to fail need not be waited for as long as Zarf did. */
const failsWithinMs = 3_000;

/** `skerry deploy`, `remove` and `package list` in this process: what a person types, to what the deployer does. */
export function ourProgram(world: {
  readonly running: RecordingCluster;
  /** Of the set: packages, keys, values files. */
  readonly setFolder: string;
  /** Where it is started. */
  readonly folder: string;
  /** For files that belong to nobody's listing. */
  readonly privateFolder: string;
  readonly kubeconfigFile: string;
  readonly engine: ChartEngine;
  /** `--no-prune` is not given. */
  readonly prunes: boolean;
  readonly signal: AbortSignal;
}): Program {
  const { signal } = world;
  return {
    run: async (command, step) => {
      const events: string[] = [];
      const onEvent = (event: DeployEvent) => void events.push(describeEvent(event) ?? "");
      try {
        const timeoutMs = Math.min(command.timeoutMs ?? 60_000, step.exitCode === 0 ? 60_000 : failsWithinMs);
        await perform({ ...command, timeoutMs }, onEvent);
        return { isDone: true };
      } catch (error) {
        if (!isOperatorError(error)) throw error;
        return { isDone: false, said: [...events.slice(-5), `${error.code} ${error.message}`].join("\n") };
      }
    },
  };

  async function perform(command: ZarfCommand, onEvent: (event: DeployEvent) => void): Promise<void> {
    const { running, engine } = world;
    if (command.verb === "list" || command.verb === "inspect") {
      await listPackages(running.cluster, { signal });
      return;
    }
    const inputs = await inputsOf(command);
    const call = { signal, clock: systemClock, random: Math.random, notice: () => {}, cacheDir: "", concurrency: 1 };
    if (command.verb === "deploy") {
      const open = await openDeployment(inputs, call);
      const { pkg, request } = open.context;
      await deployPackage({ ...request, pkg, engine, onEvent, signal }).finally(open.close);
      return;
    }
    const open = await openRemoval(inputs, call);
    await removePackage({ ...open.context.request, engine, onEvent, signal }).finally(open.close);
  }

  async function inputsOf(command: ZarfCommand): Promise<DeploymentInputs> {
    const { components, namespace, timeoutMs, isConnected, takeOwnership, forceConflicts } = command;
    const [operand = ""] = command.operands;
    const isFile = operand.startsWith("zarf-");
    const file = isFile ? path.join(world.setFolder, operand) : operand;
    const secretNames = command.verb === "deploy" ? await sensitiveNames(file) : new Set<string>();
    const given = Object.entries(command.variables);
    const secrets = given.filter(([name]) => secretNames.has(name.toUpperCase()));
    const key =
      command.key === undefined || command.verify === "never" ? [] : [path.join(world.setFolder, command.key)];
    const inputs = {
      named: file,
      registries: {},
      workingFolder: world.folder,
      home: world.privateFolder,
      environment: {},
      kubeconfigFile: world.kubeconfigFile,
      keyFiles: key,
      allowUnsigned: key.length === 0 && command.verify !== "always",
      set: given.filter(([name]) => !secretNames.has(name.toUpperCase())).map(([name, value]) => `${name}=${value}`),
      ...(secrets.length === 0 ? {} : { secretsFile: await secretsFile(Object.fromEntries(secrets)) }),
      valuesFiles: command.valuesFiles.map((name) => path.join(world.folder, name)),
      setValues: Object.entries(command.values).map(([name, value]) => `${name}=${value}`),
      options: {
        isConnected,
        takeOwnership,
        forceConflicts,
        prune: world.prunes,
        ...(components === undefined ? {} : { components }),
        ...(namespace === undefined ? {} : { namespace }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      },
      self: [process.execPath, path.resolve("src/cli/main.ts")],
    };
    return inputs;
  }

  /** Zarf takes them from flags; we do not. */
  async function secretsFile(values: Readonly<Record<string, string>>): Promise<string> {
    const file = path.join(world.privateFolder, "secrets.yaml");
    await writeFile(file, JSON.stringify(values), { mode: 0o600 });
    return file;
  }

  async function sensitiveNames(file: string): Promise<ReadonlySet<string>> {
    const pkg = await openPackage(
      { path: file },
      { signal, keep: "definition", trust: { keys: [], allowUnsigned: true } },
    );
    await pkg.close();
    const { variables } = pkg.definition;
    return new Set(variables.filter(({ sensitive }) => sensitive === true).map(({ name }) => name.toUpperCase()));
  }
}
