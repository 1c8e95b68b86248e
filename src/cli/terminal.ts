import type { Writable } from "node:stream";
import { createColors } from "picocolors";

export type Colors = ReturnType<typeof createColors>;

/** The three streams of a command, and what may be done with each. */
export interface Terminal {
  /** The answer. */
  readonly stdout: Output;
  /** The conversation. */
  readonly stderr: Output;
  /** Whether a person can be asked. */
  readonly canAsk: boolean;
  /** Whether the conversation may move the cursor. */
  readonly isAnimated: boolean;
}

export interface Output {
  readonly write: (text: string) => void;
  readonly stream: Writable;
  /** Width in characters; 80 where unknown. */
  readonly columns: number;
  readonly colors: Colors;
}

export interface TerminalStream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/**
 * Judges the streams, each by itself: colour only on a terminal that wants it (NO_COLOR, TERM=dumb, --no-color), moving
 * pictures only on a terminal that is no build log, questions only where both stdin and stderr are a person's.
 */
export function openTerminal(
  streams: {
    readonly stdin: { readonly isTTY?: boolean };
    readonly stdout: TerminalStream;
    readonly stderr: TerminalStream;
  },
  environment: Readonly<Record<string, string | undefined>>,
  flags: { readonly color: boolean; readonly input: boolean },
): Terminal {
  const isSet = (name: string) => (environment[name] ?? "") !== "";
  const isDumb = environment["TERM"] === "dumb";
  const wantsColor = flags.color && !isSet("NO_COLOR") && !isDumb;
  const output = (stream: TerminalStream): Output => ({
    stream,
    write: (text) => void stream.write(text),
    columns: stream.columns ?? 80,
    colors: createColors(wantsColor && stream.isTTY === true),
  });
  const isTalking = streams.stderr.isTTY === true;
  return {
    stdout: output(streams.stdout),
    stderr: output(streams.stderr),
    canAsk: isTalking && streams.stdin.isTTY === true && flags.input,
    isAnimated: isTalking && !isDumb && !isSet("CI"),
  };
}
