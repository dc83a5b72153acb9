import {
  applyTape,
  argmax,
  bind,
  check,
  minimum,
  registerFailure,
  type Tensor,
  trace,
  where,
  withinRule,
  zerosLike,
} from "@dzdt/tensor";
import { atHand } from "./at-hand";
import { firstFailure, firstOf } from "./first-failure";
import { flat, flatResult, typeOf } from "./leaves";
import type { Outcome } from "./problem";
import { type End, type PartialSolution, SolveError, Status, type StatusName, statusName } from "./status";

type FailureName = Exclude<StatusName, "success">;

const remedies: Readonly<Record<FailureName, string>> = {
  maxStepsReached: "raise maxSteps, take longer steps, or loosen rtol and atol",
  stepUnderflow:
    "the solution may be singular there, or the problem stiff: shorten ts, scale the problem, or loosen rtol and atol",
  nonFinite: "check the vector field and y0 there, or take smaller steps",
  eventTerminated: "nothing is wrong",
  maxEventsReached:
    "an event may fire at every step, or ever sooner, as the bounces of a ball that comes to rest: check its condition and direction, end the solve there, or raise maxEvents",
  historyTooShort: "raise historySteps: the longest delay reaches back further than the steps that are kept",
  maxSavesReached: "raise its capacity, save less often, or name times in its ts",
};

/** What an error says beside the numbers. */
export interface Telling {
  /** Who says it. @defaultValue "odeint" */
  readonly where?: string;
  /** The names of the state's leaves. */
  readonly paths: readonly string[];
  /** What to do, where it is not the usual. */
  readonly remedies?: Readonly<Partial<Record<FailureName, string>>> | undefined;
  /** What else may be wrong where no step was taken. */
  readonly doubt?: string | undefined;
  /** Is the size of errors a function of the user's? */
  readonly ownNorm?: boolean | undefined;
  /** Which save it is that may be full. */
  readonly save?: string | undefined;
  /** Did nobody look at the state after each step? Then it is not known which of them failed. */
  readonly unwatched?: boolean | undefined;
  /** Has the state no derivative? Then slopes, if there are any, say which component moves most, and no more. */
  readonly rough?: boolean | undefined;
  /** Why the host ended the solve. */
  readonly ended?: string | undefined;
  /** The numbers that failures are about. */
  readonly limits?: Limits | undefined;
  /** What there is of the solution. */
  readonly partial?: (() => PartialSolution) | undefined;
}

/**
 * Numbers that failures are about, scalars in the dtype of times, or part of the program: how many steps of one length the solve takes, the shortest step
 * that the controller may take, how many rows a save has. Absent or 0 where there is nothing to say.
 */
export type Limits = Readonly<Partial<Record<FailureName, Tensor | number | undefined>>>;

/** A solve with all that a failure is noticed by. */
type Guarded = End & { readonly ys: readonly Tensor[]; readonly saves?: Outcome["saves"] };

/**
 * Refuses a failed solve: at once where its numbers are known, else when the program that it is part of returns.
 * @param again gives the end of a failed solve, if need be by solving again and looking at each step
 */
export function checked<S extends Guarded>(solved: S, again: () => End, telling: Telling): S {
  const { status } = solved;
  // Of no trajectories none has failed.
  if (status.size === 0) return solved;
  if (status.tape || !atHand(status)) return guarded(solved, telling);
  const failure = failureOf(solved, { ...telling, unwatched: false }, again);
  if (failure) throw failure;
  return solved;
}

/** A function of a tree of concrete tensors, in one program. */
function asProgram<T, R>(given: T, fn: (given: T) => R): R {
  const { leaves, rebuild } = flat(given);
  const result = flatResult((...ins) => fn(rebuild(ins)));
  const { tape, captured } = trace("odeint", result.run, leaves.map(typeOf), { target: leaves[0]!.target });
  return result.rebuild(applyTape(tape, [...leaves, ...captured]));
}

/** States, and rows of saves and events, which have the program throw that they are part of. */
interface Passed {
  readonly ys: readonly Tensor[];
  readonly rows: readonly { readonly t: Tensor; readonly y: readonly Tensor[] }[];
}

/** A solve whose states have the program throw that they are part of, where it failed. */
function guarded<S extends Guarded>(solved: S, telling: Telling): S {
  const { saves = [], events } = solved;
  const rows = [...saves, ...(events?.list ?? [])].map(({ t, y }) => ({ t, y }));
  const end: Guarded & Passed = { ...solved, rows };
  const pass = (given: typeof end): Passed =>
    withinRule(() => {
      const failure = noted(given, telling.limits, (status) => {
        const first = firstCode(given, telling);
        return where(status.greater(0), status.add(first - 1), 0);
      });
      const each = (x: Tensor): Tensor => bind(check, [x, ...failure])[0]!;
      return { ys: given.ys.map(each), rows: given.rows.map(({ t, y }) => ({ t: each(t), y: y.map(each) })) };
    });
  const passed = solved.status.tape ? pass(end) : asProgram(end, pass);
  const withRows = <R>(list: readonly R[], from: number): R[] =>
    list.map((row, k) => ({ ...row, ...passed.rows[from + k] }));
  return {
    ...solved,
    ys: passed.ys,
    ...(solved.saves && { saves: withRows(saves, 0) }),
    ...(events && { events: { ...events, list: withRows(events.list, saves.length) } }),
  };
}

/** The number of the first failure, and its facts. @param numbered the numbers of statuses */
function noted(end: End, limits: Limits | undefined, numbered: (status: Tensor) => Tensor): Tensor[] {
  const { status, t, h, steps, rejected, y, derivative, events } = end;
  const each = (x: Tensor): Tensor => (status.ndim > 0 ? x : x.reshape([1, ...x.shape]));
  // To end with an event is no failure.
  const codes = each(numbered(events ? where(status.equal(Status.eventTerminated), Status.success, status) : status));
  const limit = limitOf(end, { ...limits, maxEventsReached: maxEventsOf(end) });
  const numbers = [t, h, steps, rejected, limit, ...(events ? [slotOf(end)] : [])].map(each);
  const states = [...y, ...derivative].map(each);
  const first = codes.size > 1 ? firstOf({ argmax, minimum }, codes) : codes.tape!.literal(0, "int32");
  return bind(firstFailure, [first, codes, ...numbers, ...states], { numbers: numbers.length, leaves: y.length });
}

/** The number that a failure is about; 0 where there is none. */
const limitOf = ({ status, t }: End, limits: Limits): Tensor =>
  Object.entries(limits).reduce(
    (found, [name, limit]) => (limit ? where(status.equal(Status[name as FailureName]), limit, found) : found),
    zerosLike(t),
  );

/** Which event fired more often than it may; 0 where none did. */
function slotOf(end: End): Tensor {
  const most = maxEventsOf(end)!;
  return end.events!.counts.reduceRight((found, n, k) => where(n.greater(most), k, found), zerosLike(end.status));
}

/** How often each event may fire, in a solve that has any. */
const maxEventsOf = ({ events }: End): number | undefined => events?.list[0]!.t.shape[0];

/** Failures of solves in programs, numbered like `Status`, by what their messages say beside facts: the first of each. Text alone, so there are few. */
const codes = new Map<string, number>();

function firstCode({ derivative }: End, given: Telling): number {
  const telling = { ...given, limits: undefined, partial: undefined };
  const sloped = derivative.length > 0;
  const key = JSON.stringify([telling, sloped]);
  const known = codes.get(key);
  if (known !== undefined) return known;
  const [first] = (Object.keys(Status) as StatusName[])
    .slice(1)
    .map((name) => registerFailure((facts) => errorOf(name as FailureName, facts, telling, sloped)));
  codes.set(key, first!);
  return first!;
}

/** The error of the first trajectory that failed, if there is one. For numbers that are known. */
export function failureOf(solved: End, telling: Telling, again = (): End => solved): SolveError | undefined {
  const failed = Array.from(solved.status.dataSync()).find((s) => s !== Status.success && s !== Status.eventTerminated);
  if (failed === undefined) return undefined;
  const end = { ...again(), status: solved.status };
  const [, facts] = asProgram(end, (traced) => noted(traced, telling.limits, (status) => status));
  return errorOf(statusName(failed) as FailureName, facts!.dataSync(), telling, end.derivative.length > 0);
}

/** The error of a trajectory that failed. @param facts those of {@link noted} @param sloped whether slopes are among them */
function errorOf(name: FailureName, facts: ArrayLike<number>, telling: Telling, sloped: boolean): SolveError {
  const [trajectory, leaf, place, value, slope, t, h, all, rejected, limit, slot] = Array.from(facts) as Facts;
  const { where = "odeint", paths, doubt, ownNorm, save, unwatched, rough, ended, partial } = telling;
  const accepted = all - rejected;
  // Of a rough state that is finite, and whose slopes are not known, no component is worse than others.
  const named = sloped || !rough || !Number.isFinite(value);
  const component = `y${paths[leaf] ?? ""}${place < 0 ? "" : `[${place}]`}`;
  const who = trajectory < 0 ? "" : `trajectory ${trajectory}: `;
  const why = ended
    ? `: ${ended}`
    : name === "maxSavesReached"
      ? `: saves.${save} of capacity ${limit} is full`
      : name === "maxEventsReached" && limit > 0
        ? `: events[${slot}] fired more than maxEvents = ${limit} times,`
        : "";
  const lost = unwatched && name === "nonFinite";
  const when = lost ? ` by t = ${t}` : ` at t = ${t}${steps(h, accepted, rejected)}`;
  const what = named ? `, ${component} = ${value}${sloped && !rough ? ` with derivative ${slope}` : ""}` : "";
  const remedy = ended ? "raise timeLimit, or loosen rtol and atol" : (telling.remedies?.[name] ?? remedies[name]);
  const floor =
    name === "stepUnderflow" && limit > 0 ? `steps may be no shorter than dtMin = ${limit}: lower it; else ` : "";
  const sizes =
    name === "stepUnderflow" && ownNorm
      ? "the controller's norm may be negative or NaN: it gives sizes of errors, 0 or positive; else "
      : "";
  const count = name === "maxStepsReached" && limit > 0 ? `${limit} steps of this length are needed: ` : "";
  const suspected = doubt && accepted === 0 ? `${doubt}; else ` : "";
  return new SolveError(
    name,
    `${where}: ${who}${name}${why}${when}${what}; ${suspected}${floor}${sizes}${count}${remedy}${lost ? sayingWhen : ""}`,
    {
      ...(!lost && { t, h, accepted, rejected }),
      ...(named && { component }),
      ...(partial && { solution: partial() }),
    },
  );
}

type Facts = [
  trajectory: number,
  leaf: number,
  place: number,
  value: number,
  slope: number,
  t: number,
  h: number,
  steps: number,
  rejected: number,
  limit: number,
  slot: number,
];

/** Steps of one length are not looked at one by one, unless for this. */
const sayingWhen = " (the same call with concrete arguments, on wasm() where they are on webgpu, says at which step)";

/** The step that was to be next, and those before. */
const steps = (h: number, accepted: number, rejected: number): string =>
  accepted + rejected === 0 && !(Math.abs(h) > 0)
    ? " before the first step"
    : ` with step ${h} after ${accepted} accepted and ${rejected} rejected steps`;
