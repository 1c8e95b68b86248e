import {
  DefaultRenderer,
  Listr,
  ListrDefaultRendererLogLevels,
  ListrLogger,
  type ListrTaskWrapper,
  ProcessOutput,
  SimpleRenderer,
} from "listr2";
import type { JourneyEvent, PlannedStep } from "../../journeys/index.ts";
import { redactSecrets, stripControls } from "../../lib/errors/index.ts";
import { formatDuration } from "../quantities.ts";
import type { Output } from "../terminal.ts";
import { countSteps } from "./lines.ts";
import type { View } from "./view.ts";

/** A phase with more steps than this is one task that counts, not a list that scrolls away. */
const MAX_SHOWN_STEPS = 20;

/** For terminals: one task per phase, beneath it one per step, drawn on stderr. A view only: listr2 decides nothing. */
export function taskView(output: Output): View {
  const phases = new Map<string, PhaseTask>();
  let list: Listr<undefined, typeof StderrRenderer, typeof SimpleRenderer> | undefined;
  let drawn: Promise<unknown> = Promise.resolve();
  let current: PhaseTask | undefined;
  // Each once: a step that is tried again says the same again.
  const notices = new Set<string>();
  return {
    emit: (event) => {
      switch (event.kind) {
        case "run.started":
          for (const phase of event.phases) phases.set(phase.id, phaseTask(phase.title));
          list = listOf([...phases.values()], output);
          drawn = list.run();
          return;
        case "phase.started":
          current = phases.get(event.phase);
          return;
        case "run.succeeded":
        case "run.failed":
          for (const phase of phases.values()) phase.leave();
          return;
        case "notice":
          notices.add([event.node, event.text].filter((each) => each !== undefined).join(": "));
          current?.tell(event.text);
          return;
        default:
          phases.get(event.phase)?.see(event);
      }
    },
    say: (line) => {
      const renderer = rendererOf(list);
      if (renderer === undefined) output.write(`${line}\n`);
      else renderer.say(line);
    },
    close: async () => {
      for (const phase of phases.values()) phase.leave();
      await drawn;
      for (const text of notices) output.write(`  ${clean(text)}\n`);
      notices.clear();
    },
  };
}

type Wrapper = ListrTaskWrapper<undefined, typeof StderrRenderer, typeof SimpleRenderer>;
type ListrTask = { readonly title: string; readonly task: (_: undefined, task: Wrapper) => Promise<unknown> };
type PhaseEvent = Extract<JourneyEvent, { readonly phase: string }>;

interface PhaseTask {
  readonly title: string;
  readonly run: (task: Wrapper) => Promise<unknown>;
  readonly see: (event: PhaseEvent) => void;
  readonly tell: (text: string) => void;
  /** The run is over: what has not been reached says so. */
  readonly leave: () => void;
}

function phaseTask(title: string): PhaseTask {
  const planned = Promise.withResolvers<readonly PlannedStep[] | "left">();
  const ended = Promise.withResolvers<Error | undefined>();
  const steps = new Map<string, StepTask>();
  let wrapper: Wrapper | undefined;
  let finished = 0;
  const aside: string[] = [];
  const tell = (text: string) => {
    if (wrapper !== undefined) wrapper.output = clean(text);
  };
  const settle = (error?: Error) => {
    for (const step of steps.values()) step.leave();
    if (aside.length > 0 && wrapper !== undefined) wrapper.title = `${title}: without ${aside.join(", ")}`;
    ended.resolve(error);
  };
  const end = async () => {
    const error = await ended.promise;
    if (error !== undefined) throw error;
  };
  return {
    title,
    tell,
    run: async (task) => {
      wrapper = task;
      const list = await planned.promise;
      if (list === "left" || list.length === 0) {
        await end();
        return task.skip(`${title}: ${list === "left" ? "not reached" : "nothing to do"}`);
      }
      if (list.length > MAX_SHOWN_STEPS) {
        await end();
        task.title = `${title}: ${countSteps(list.length)}`;
        return undefined;
      }
      return task.newListr(
        [
          ...[...steps.values()].map(
            (step): ListrTask => ({
              title: step.title,
              task: (_, each) => step.run(each),
            }),
          ),
          // Without a title it is not seen; it makes the phase end when the engine says so, and look failed when it failed.
          { task: end },
        ],
        { concurrent: true, exitOnError: true, rendererOptions: { collapseErrors: true } },
      );
    },
    see: (event) => {
      if (event.kind === "phase.planned") {
        const list = event.waves.flat();
        for (const step of list) steps.set(step.id, stepTask(step.title));
        planned.resolve(list);
      } else if (event.kind === "phase.succeeded") settle();
      else if (event.kind === "phase.failed") {
        settle(new Error(clean(`${title}: ${event.error.message}`)));
        planned.resolve("left");
      } else if ("step" in event) {
        steps.get(event.step)?.see(event);
        if (event.kind === "step.failed" && event.setAside) aside.push(event.node ?? event.step);
        if (steps.size <= MAX_SHOWN_STEPS) return;
        if (event.kind === "step.succeeded" || event.kind === "step.skipped" || event.kind === "step.failed")
          finished += 1;
        const words = wordsOf(event);
        tell(
          `${finished} of ${steps.size} done${words === undefined ? "" : `; ${event.node ?? event.step}: ${words}`}`,
        );
      }
    },
    leave: () => {
      settle();
      planned.resolve("left");
    },
  };
}

type StepEvent = Extract<JourneyEvent, { readonly step: string }>;

interface StepTask {
  readonly title: string;
  readonly run: (task: Wrapper) => Promise<unknown>;
  readonly see: (event: StepEvent) => void;
  readonly leave: () => void;
}

type StepEnd = { readonly kind: "done" | "skip" | "fail"; readonly text: string };

function stepTask(title: string): StepTask {
  const end = Promise.withResolvers<StepEnd>();
  let failure: string | undefined;
  let output = "";
  let wrapper: Wrapper | undefined;
  return {
    title,
    run: async (task) => {
      wrapper = task;
      if (output !== "") task.output = output;
      const { kind, text } = await end.promise;
      if (kind === "fail") throw new Error(text);
      if (kind === "skip") return task.skip(text);
      task.title = text;
      return undefined;
    },
    see: (event) => {
      const words = wordsOf(event);
      output = words === undefined ? "" : clean(words);
      if (wrapper !== undefined) wrapper.output = output;
      if (event.kind === "step.succeeded") {
        const took = (event.durationMs ?? 0) < 1000 ? "" : ` (${formatDuration(event.durationMs ?? 0)})`;
        end.resolve({ kind: "done", text: `${title}${took}` });
      } else if (event.kind === "step.skipped") end.resolve({ kind: "skip", text: clean(`${title}: ${event.reason}`) });
      else if (event.kind === "step.cancelled") end.resolve({ kind: "skip", text: `${title}: cancelled` });
      else if (event.kind === "step.failed" && event.setAside) {
        end.resolve({ kind: "skip", text: clean(`${title}: set aside: ${event.error.message}`) });
      } else if (event.kind === "step.failed") {
        // Its list ends with the first rejection; the siblings that still run are to be seen until they end.
        failure = clean(`${title}: ${event.error.message}`);
      }
    },
    leave: () => {
      end.resolve(
        failure === undefined ? { kind: "skip", text: `${title}: not reached` } : { kind: "fail", text: failure },
      );
    },
  };
}

/** What is shown beneath a step while it runs. */
function wordsOf(event: StepEvent): string | undefined {
  switch (event.kind) {
    case "step.progress":
      return event.text;
    case "condition.waiting":
      return event.reason;
    case "step.retrying":
      return `again, because ${event.error.message}`;
    case "step.failed":
      return event.error.message;
    default:
      return undefined;
  }
}

function clean(text: string): string {
  return redactSecrets(stripControls(text)).replace(/\s*\n\s*/g, " | ");
}

/** listr2 judges the terminal by stdout; we draw on stderr and have judged it already. */
class StderrRenderer extends DefaultRenderer {
  static override nonTTY = true;
  /** A line above the list. */
  say(line: string): void {
    const { updater, logger } = this as unknown as {
      readonly updater: { clear: () => void };
      readonly logger: ListrLogger;
    };
    updater.clear();
    logger.process.toStdout(line);
    this.update();
  }
}

function listOf(phases: readonly PhaseTask[], output: Output) {
  const processOutput = new ProcessOutput(
    output.stream as unknown as NodeJS.WriteStream,
    output.stream as unknown as NodeJS.WriteStream,
    { leaveEmptyLine: false },
  );
  return new Listr<undefined, typeof StderrRenderer, typeof SimpleRenderer>(
    phases.map((phase) => ({ title: phase.title, task: (_, task) => phase.run(task) })),
    {
      concurrent: false,
      exitOnError: false,
      registerSignalListeners: false,
      renderer: StderrRenderer,
      fallbackRenderer: SimpleRenderer,
      rendererOptions: {
        logger: new ListrLogger({ useIcons: true, processOutput }),
        collapseSkips: true,
        // Its own sign is a red arrow; colour alone must not say it.
        icon: { [ListrDefaultRendererLogLevels.FAILED_WITH_FAILED_SUBTASKS]: "✖" },
      },
    },
  );
}

function rendererOf(list: unknown): StderrRenderer | undefined {
  const renderer = (list as { readonly renderer?: unknown } | undefined)?.renderer;
  return renderer instanceof StderrRenderer ? renderer : undefined;
}
