import semver from "semver";
import { OperatorError } from "../../lib/errors/index.ts";
import { type DocumentKindSet, kindsOf } from "./document-kinds.ts";

/**
 * What code may ask about a Talos version. Version numbers are compared here and nowhere else; a caller holds a contract and
 * reads the answer to a question with a name.
 */
export interface TalosContract {
  /** `v1.13`: what talosctl calls the contract */
  readonly name: string;
  /** Whether this Talos runs that Kubernetes; it refuses the image tags of others. */
  readonly runsKubernetes: (version: string) => boolean;
  /** The range for messages: `1.31 to 1.36` */
  readonly kubernetesRange: string;
  /** Whether a config document of this kind exists; an unknown one makes a node refuse the whole config. */
  readonly documentKinds: DocumentKindSet;
  /** Mirrors as RegistryMirrorConfig documents; otherwise in machine.registries. */
  readonly writesRegistriesAsDocuments: boolean;
  /** Whether the generator leaves an empty `machine.network` behind. */
  readonly writesEmptyMachineNetwork: boolean;
  /** ImageService with List, Pull and Import: a node can be given an image without a registry. */
  readonly hasImageService: boolean;
  /** Whether `mode: REBOOT` is answered outside maintenance. */
  readonly acceptsRebootMode: boolean;
}

/** Lowest and highest Kubernetes minor: pkg/machinery/compatibility of v1.13.9; for 1.14 of v1.14.0-rc.1. */
const CONTRACTS = {
  "1.12": { kubernetes: [30, 35], writesEmptyMachineNetwork: true, hasImageService: false, acceptsRebootMode: true },
  "1.13": { kubernetes: [31, 36], writesEmptyMachineNetwork: false, hasImageService: true, acceptsRebootMode: true },
  // 1.14 nodes accept the forms of 1.13, which is what we write for them.
  "1.14": { kubernetes: [32, 37], writesEmptyMachineNetwork: false, hasImageService: true, acceptsRebootMode: false },
} as const;

/**
 * The contract of a Talos version.
 *
 * @param version - `v1.13.9`, `v1.14.0-rc.1` or `v1.13`
 * @throws OperatorError TALOS_VERSION_UNSUPPORTED
 */
export function contractFor(version: string): TalosContract {
  const minor = /^v?(\d+\.\d+)(?:\.\d+(?:-[0-9A-Za-z.-]+)?)?$/.exec(version)?.[1];
  if (minor === undefined || !isSupported(minor)) {
    throw new OperatorError("TALOS_VERSION_UNSUPPORTED", `Talos ${version} is not one that this Skerry knows`, {
      next: [`set talos: to a release of ${Object.keys(CONTRACTS).join(", ")}`],
    });
  }
  const { kubernetes, ...answers } = CONTRACTS[minor];
  const [lowest, highest] = kubernetes;
  return {
    name: `v${minor}`,
    runsKubernetes: (kubernetesVersion) => isWithin(kubernetesVersion, lowest, highest),
    kubernetesRange: `1.${lowest} to 1.${highest}`,
    documentKinds: kindsOf(minor),
    writesRegistriesAsDocuments: true,
    ...answers,
  };
}

function isSupported(minor: string): minor is keyof typeof CONTRACTS {
  return Object.hasOwn(CONTRACTS, minor);
}

/** Pre-releases count to their minor, as Talos counts them. */
function isWithin(version: string, lowest: number, highest: number): boolean {
  const parsed = semver.parse(version);
  return parsed !== null && parsed.major === 1 && parsed.minor >= lowest && parsed.minor <= highest;
}
