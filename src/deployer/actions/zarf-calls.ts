/** What Zarf replaces by its own path, letter by letter. */
const zarfCall = "./zarf ";

/** Whether a command calls `./zarf`. */
export function callsZarf(cmd: string): boolean {
  return cmd.includes(zarfCall);
}

/** The command with another program in the place of `./zarf`. */
export function withStandIn(cmd: string, program: string): string {
  return cmd.replaceAll(zarfCall, `${program} `);
}

/** What Zarf is asked for in a command: `tools kubectl`, `version`; a name that is only known later is `…`. */
export function zarfTools(cmd: string): readonly string[] {
  return [...cmd.matchAll(/\.\/zarf +([^\s;|&()<>]+)(?: +([^\s;|&()<>]+))?/g)].map(([, first = "", second = ""]) => {
    if (!isPlain(first)) return "…";
    if (!["tools", "t", "internal", "package", "p"].includes(first)) return first;
    return `${first === "t" ? "tools" : first} ${isPlain(second) ? second : "…"}`;
  });
}

const isPlain = (word: string): boolean => /^[a-z][a-z0-9-]*$/.test(word);
