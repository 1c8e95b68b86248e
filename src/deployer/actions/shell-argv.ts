import type { Shell } from "./action.ts";
import type { Platform } from "./action-context.ts";

/** Holds a command that process lists must not show. */
const hiddenName = "SKERRY_ACTION";

export interface ShellCall {
  readonly argv: readonly [string, ...string[]];
  /** Besides the rest of the environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The shell that an action asks for on this platform, else the platform's own. */
export function shellName(shell: Shell, platform: Platform): string {
  const asked = shell[platform];
  if (asked !== undefined && asked !== "") return asked;
  return platform === "windows" ? "powershell" : "sh";
}

/**
 * How a command is given to its shell: stop at the first error, as Zarf does.
 *
 * @param options.isHidden - the command holds sensitive values: it goes by the environment, because everybody on the machine sees
 *   the arguments of a process
 */
export function shellCall(
  cmd: string,
  options: { readonly shell: Shell; readonly platform: Platform; readonly isHidden: boolean },
): ShellCall {
  const name = shellName(options.shell, options.platform);
  const environment = options.isHidden ? { [hiddenName]: cmd } : {};
  if (isPowerShell(name)) {
    const stop = "$ErrorActionPreference = 'Stop';";
    const text = options.isHidden ? `Invoke-Expression $Env:${hiddenName}` : forPowerShell(cmd);
    const hidden = options.isHidden ? { [hiddenName]: forPowerShell(cmd) } : {};
    return { argv: [name, "-Command", stop, text], environment: hidden };
  }
  if (options.platform === "windows" && name === "cmd")
    return { argv: [name, "/c", options.isHidden ? `%${hiddenName}%` : cmd], environment };
  return { argv: [name, "-e", "-c", options.isHidden ? `eval "$${hiddenName}"` : cmd], environment };
}

export function isPowerShell(name: string): boolean {
  return name === "powershell" || name === "pwsh";
}

/** Commands are written for a POSIX shell; Zarf turns this much of them into PowerShell's. */
function forPowerShell(cmd: string): string {
  return cmd
    .replace(/^touch /, "New-Item ")
    .replace(/\$\{?((?:ZARF|TF)_(?:VAR|CONST)_[a-zA-Z0-9_-]+)\}?/g, (_, name: string) => `$Env:${name}`);
}
