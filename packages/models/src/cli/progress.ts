import { Presets, SingleBar } from "cli-progress";
import { formatDuration, formatNumber } from "../report/formatNumber";
import type { Io, Output } from "./io";

/** Tells the user how training goes. One task at a time: `start`, any number of `update`, `end`. */
export interface Progress {
  /** @param task what is being trained, such as "HNN" */
  start(task: string, steps: number): void;
  /**
   * @param step steps done so far; @param loss the latest, if it was computed
   * @param rate steps per second. @defaultValue those since `start`, which is wrong for a run that was resumed
   */
  update(step: number, loss?: number, rate?: number): void;
  /** Ends the task; also after an early stop or an error. Does nothing without a task. */
  end(): void;
}

/** Seconds between plain lines where there is no terminal to redraw. */
const lineInterval = 5;

/** A progress bar on a terminal, plain lines every few seconds elsewhere (logs, CI). */
export function progress(io: Pick<Io, "stderr" | "now">): Progress {
  return io.stderr.isTTY ? bar(io.stderr, io) : lines(io.stderr, io);
}

/** Rate and time left of a task, from its own clock. */
interface Pace {
  readonly rate: string;
  readonly left: string;
}

function paceOf(step: number, steps: number, rate: number): Pace {
  if (step === 0 || !Number.isFinite(rate)) return { rate: "…", left: "…" };
  return {
    rate: `${rate < 10 ? rate.toFixed(1) : Math.round(rate)} steps/s`,
    left: `${formatDuration((steps - step) / rate)} left`,
  };
}

const secondsBetween = (from: Date, to: Date): number => (to.getTime() - from.getTime()) / 1000;
const lossText = (loss: number | undefined): string => (loss === undefined ? "" : `loss ${formatNumber(loss)}`);

function bar(output: Output, io: Pick<Io, "now">): Progress {
  let current: { bar: SingleBar; steps: number; began: Date; loss: number | undefined } | undefined;
  const end = (): void => {
    current?.bar.stop();
    current = undefined;
  };
  return {
    start: (task, steps) => {
      end();
      const single = new SingleBar(
        {
          format: "{task} {bar} {percentage}%  {rate}  {loss}  {left}",
          stream: output as NodeJS.WritableStream,
          barsize: 28,
          fps: 10,
          autopadding: true,
          gracefulExit: false,
        },
        Presets.rect,
      );
      single.start(steps, 0, { task: task.padEnd(16), loss: "", rate: "…", left: "…" });
      current = { bar: single, steps, began: io.now(), loss: undefined };
    },
    update: (step, loss, rate) => {
      if (!current) return;
      current.loss = loss ?? current.loss;
      const pace = paceOf(step, current.steps, rate ?? step / secondsBetween(current.began, io.now()));
      current.bar.update(step, { ...pace, loss: lossText(current.loss) });
    },
    end,
  };
}

function lines(output: Output, io: Pick<Io, "now">): Progress {
  let current:
    | {
        task: string;
        steps: number;
        began: Date;
        written: Date;
        shown: number;
        step: number;
        loss: number | undefined;
        rate: number | undefined;
      }
    | undefined;
  const write = (now: Date): void => {
    if (!current) return;
    const { task, steps, step, loss, began } = current;
    const { rate, left } = paceOf(step, steps, current.rate ?? step / secondsBetween(began, now));
    const parts = [`${step}/${steps}`, lossText(loss), rate, step < steps ? left : ""].filter((part) => part !== "");
    output.write(`${task}: ${parts.join(", ")}\n`);
    current.written = now;
    current.shown = step;
  };
  return {
    start: (task, steps) => {
      const now = io.now();
      current = { task, steps, began: now, written: now, shown: -1, step: 0, loss: undefined, rate: undefined };
    },
    update: (step, loss, rate) => {
      if (!current) return;
      current.step = step;
      current.rate = rate;
      current.loss = loss ?? current.loss;
      const now = io.now();
      if (secondsBetween(current.written, now) >= lineInterval) write(now);
    },
    end: () => {
      if (current && current.shown < current.step) write(io.now());
      current = undefined;
    },
  };
}
