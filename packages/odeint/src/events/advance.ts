import { stopGradient, type Tensor, where, zerosLike } from "@dzdt/tensor";
import { attempt } from "../attempt";
import { exactly, timeAmong, whereTime } from "../fine-time";
import { isDue, outputAt } from "../output";
import { type Carry, now as nowOf, numbers, outputsOf, type Problem, running } from "../problem";
import { Status } from "../status";
import { choose } from "./choose";
import { occur, stateWithin } from "./occur";
import { search, upcoming } from "./search";
import type { Upcoming } from "./state";

const endOf = ({ t, rest, y, memory }: Carry): Tensor[] => [t, ...rest, ...y, ...memory];

/** What one iteration does to the carry, and the row that it writes: −1 for none. */
export interface Iteration {
  readonly next: Carry;
  readonly row: Tensor;
  readonly y: readonly Tensor[];
  readonly t: Tensor;
  /**
   * If it is asked for, of what is written: the number of the iteration, and that of the trigger, −1 for outputs, int32; and of events the time, the
   * state and what the method carried at the end of the step before.
   */
  readonly log: readonly Tensor[];
}

/** Rows of the outputs come first, then those of each event, then those of steps that are kept. */
export const eventRows = ({ slots, maxEvents }: NonNullable<Problem["events"]>): number => slots * maxEvents;

/**
 * One iteration of a solve with events: an output that is due before the next event; or that event; or, when nothing is left of the last step, an
 * attempt at another one, in which the next events are then looked for.
 * @param i how many iterations were before
 */
export function advance(problem: Problem, carry: Carry, i: Tensor, direction: Tensor): Iteration {
  const outputs = problem.outputs!;
  const events = problem.events!;
  const count = outputs.shape[0]!;
  const { int } = numbers(i);
  const { written, events: known } = carry;
  const coming = upcoming(events, known[0]!, direction);
  const waiting = coming.trigger.greaterEqual(0);
  const horizon = whereTime(waiting, exactly(coming.time), nowOf(carry));
  const late = isDue(problem, carry, timeAmong(outputsOf(problem), written[0]!), horizon, direction, waiting);
  const due = written[0]!.less(int(count)).and(late);
  const now: Now = { c: carry, coming, i };
  return choose(due, now, output, (rest) => choose(rest.coming.trigger.greaterEqual(0), rest, event, step));

  function logged(order: Tensor, trigger: Tensor, end: readonly Tensor[]): Tensor[] {
    return events.logged ? [order, trigger, ...(events.kept ? end : [])] : [];
  }

  function output({ c, coming, i }: Now): Iteration {
    const y = outputAt(problem, c);
    const row = c.written[0]!;
    const ended = row.add(1);
    const done = ended.equal(int(count)).and(coming.trigger.less(0));
    const status = where(done, int(Status.success), int(running));
    return {
      next: { ...c, written: [ended], status },
      row,
      y,
      t: c.t.mul(0),
      log: logged(
        i,
        int(-1),
        endOf(c).map((x) => zerosLike(x)),
      ),
    };
  }

  function event({ c, coming, i }: Now): Iteration {
    const { next, row, y, t } = occur(problem, c, coming, direction);
    const left = upcoming(events, next.events[0]!, direction).trigger.greaterEqual(0);
    const ended = left.not().and(c.written[0]!.equal(int(count)));
    const status = where(next.status.equal(int(running)).and(ended), int(Status.success), next.status);
    const place = where(row.less(0), row, row.add(int(count)));
    return { next: { ...next, status }, row: place, y, t, log: logged(i, coming.trigger, endOf(c)) };
  }

  function step({ c, i }: Now): Iteration {
    const before = c.events[0]!;
    const handled = before.counts.reduce((sum, n) => sum.add(n), c.written[0]!);
    const { next, accept } = attempt(problem, c, i.sub(handled));
    const left = before.left.map((x, k) => (events.triggers[k]!.times ? x : stopGradient(c.t)));
    const looking = { ...next, events: [{ ...before, left, side: before.turn }] };
    const found = choose(
      accept,
      { looking, before },
      (given) => search(problem, given.looking, direction, true),
      (given) => given.before,
    );
    const after = { ...next, events: [found] };
    const written =
      after.saves.length > 0
        ? problem.kept!.machinery.keep(
            problem,
            after,
            accept,
            count + eventRows(events),
            endOfStep(problem, after, direction),
          )
        : { next: after, row: int(-1), y: c.y.map((x) => zerosLike(x)), t: c.t.mul(0) };
    return {
      ...written,
      log: logged(
        i,
        int(-1),
        endOf(c).map((x) => zerosLike(x)),
      ),
    };
  }
}

/** Where the last step ends for good, and in which state: at the first event in it that changes the state or ends the solve, before what that does. */
function endOfStep(
  problem: Problem,
  c: Carry,
  direction: Tensor,
): { readonly t: Tensor; readonly y: readonly Tensor[] } {
  const { next } = c.events[0]!;
  const cuts = problem.events!.triggers.flatMap(({ terminal, reset }, k) => (terminal || reset ? [next[k]!] : []));
  const last = stopGradient(c.t);
  const t = cuts.reduce((first, cut) => where(direction.mul(cut.sub(first)).less(0), cut, first), last);
  return { t: where(t.equal(last), c.t, t), y: stateWithin(problem, c, t) };
}

/** What an iteration is given. */
interface Now {
  readonly c: Carry;
  readonly coming: Upcoming;
  readonly i: Tensor;
}
