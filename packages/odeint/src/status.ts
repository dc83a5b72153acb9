import { bind, check, max, registerFailure, type Tensor, type Tree, where, withinRule } from "@dzdt/tensor";
import { atHand } from "./at-hand";
import type { EventOutcome } from "./events/collect";
import type { Outcome } from "./problem";
import type { Solution } from "./solution";

/** How a solve ended: the numbers that `solution.status` holds, by name. */
export const Status: Readonly<{
  success: 0;
  maxStepsReached: 1;
  stepUnderflow: 2;
  nonFinite: 3;
  eventTerminated: 4;
  maxEventsReached: 5;
  historyTooShort: 6;
  maxSavesReached: 7;
}> = Object.freeze({
  success: 0,
  maxStepsReached: 1,
  stepUnderflow: 2,
  nonFinite: 3,
  eventTerminated: 4,
  maxEventsReached: 5,
  historyTooShort: 6,
  maxSavesReached: 7,
} as const);

/** The name of a way in which a solve ends. */
export type StatusName = keyof typeof Status;

/** The name of a status number. */
export const statusName = (status: number): StatusName =>
  (Object.keys(Status) as StatusName[]).find((name) => Status[name] === status) ?? "nonFinite";

/** Where a solve ended, of its first trajectory that failed. */
export interface FailureDetails {
  readonly t: number;
  /** The step that was to be next, with its sign. */
  readonly h: number;
  /** The component that is not finite, or else moves most: as in `y.q[0]`. */
  readonly component: string;
  readonly accepted: number;
  readonly rejected: number;
  /** What there is of the solution: NaN where the solve did not get. */
  readonly solution?: PartialSolution;
}

/** A solution as far as it goes; that of a stochastic equation is not known between its times. */
export type PartialSolution = Pick<Solution<Tree>, "ts" | "ys" | "status" | "stats"> & Partial<Solution<Tree>>;

/** A solve that did not reach the last time. */
export class SolveError extends Error implements Partial<FailureDetails> {
  override readonly name: string = "SolveError";
  /** How it ended. */
  readonly status: StatusName;
  /** These are known where the solve's own call throws, not where a program does that it is part of. */
  declare readonly t?: number;
  declare readonly h?: number;
  declare readonly component?: string;
  declare readonly accepted?: number;
  declare readonly rejected?: number;
  declare readonly solution?: PartialSolution;

  constructor(status: StatusName, message: string, details: Partial<FailureDetails> = {}) {
    super(message);
    this.status = status;
    Object.assign(this, details);
  }
}

/** What is known of a solve where it ended. With independent trajectories, each has an axis 0 more. */
export interface End {
  readonly status: Tensor;
  readonly t: Tensor;
  readonly h: Tensor;
  readonly y: readonly Tensor[];
  /** The derivative there; absent for methods that do not keep it. */
  readonly derivative: readonly Tensor[];
  readonly steps: Tensor;
  readonly rejected: Tensor;
  /** Of a solve with events, how often each fired. */
  readonly events?: EventOutcome;
}

const remedies: Readonly<Record<Exclude<StatusName, "success">, string>> = {
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

/** Where messages of programs, which know only how a solve ended, send those who want to know more. */
export const sayingMore: string =
  "(the same call with concrete arguments, on wasm() where they are on webgpu, says which trajectory, at which time and component; " +
  "throw: false gives NaN instead)";

const withinProgram = (where: string, name: StatusName, remedy: string): SolveError =>
  new SolveError(name, `${where}: ${name} in a solve inside a program; ${remedy} ${sayingMore}`);

/** Why states may not be finite with some solver, and what to do. */
export interface Advice {
  readonly text: string;
  /** The number of the failure in a program. */
  readonly code: number;
}

/** To be called once for each text, while a module loads. */
export const advice = (text: string): Advice =>
  Object.freeze({ text, code: registerFailure(() => withinProgram("odeint", "nonFinite", text)) });

/** The failures of traced solves, numbered like `Status`: a program knows how a solve ended, but not where. The first of each function's. */
const codes = new Map<string, number>();

function firstCode(where: string): number {
  const known = codes.get(where);
  if (known !== undefined) return known;
  const [first] = (Object.keys(Status) as StatusName[])
    .filter((name): name is Exclude<StatusName, "success"> => name !== "success")
    .map((name) => registerFailure(() => withinProgram(where, name, remedies[name])));
  codes.set(where, first!);
  return first!;
}

/** What an error says beside the numbers. */
export interface Telling {
  /** Who says it. @defaultValue "odeint" */
  readonly where?: string;
  /** The names of the state's leaves. */
  readonly paths: readonly string[];
  /** What to say of a state that is not finite. */
  readonly advised?: Advice | undefined;
  /** What else may be wrong where no step was taken. */
  readonly doubt?: string | undefined;
  /** The shortest step that the controller may take. */
  readonly dtMin?: number | undefined;
  /** Is the size of errors a function of the user's? */
  readonly ownNorm?: boolean | undefined;
  /** Which save it is that may be full, and of how many rows. */
  readonly save?: string | undefined;
  /** How many steps of one length the solve takes. */
  readonly needed?: number | undefined;
  /** Why the host ended the solve. */
  readonly ended?: string | undefined;
  /** What there is of the solution. */
  readonly partial?: () => Solution<Tree>;
}

/**
 * Refuses a failed solve: at once where its numbers are known, else when the program that it is part of returns.
 * @param again gives the end of a failed solve, if need be by solving again and looking at each step
 */
export function checked<S extends End & { readonly ys: readonly Tensor[]; readonly saves?: Outcome["saves"] }>(
  solved: S,
  again: () => End,
  telling: Telling,
): S {
  const { status } = solved;
  // Of no trajectories none has failed.
  if (status.size === 0) return solved;
  if (!status.tape && atHand(status)) {
    const failure = failureOf(solved, telling, again);
    if (failure) throw failure;
    return solved;
  }
  const { advised, where: name = "odeint" } = telling;
  return withinRule(() => {
    const { events } = solved;
    // To end with an event is no failure.
    const failed = events ? where(status.equal(Status.eventTerminated), Status.success, status) : status;
    const worst = failed.ndim > 0 ? max(failed) : failed;
    const known = where(worst.greater(0), worst.add(firstCode(name) - 1), 0);
    const code = advised ? where(worst.equal(Status.nonFinite), advised.code, known) : known;
    const guarded = (x: Tensor): Tensor => bind(check, [x, code])[0]!;
    const ys = solved.ys.map(guarded);
    const saves = solved.saves?.map(({ t, y, held }) => ({ t: guarded(t), y: y.map(guarded), held }));
    const found = { ...solved, ys, ...(saves && { saves }) };
    if (!events) return found;
    const list = events.list.map(({ t, y, count }) => ({ t: guarded(t), y: y.map(guarded), count }));
    return { ...found, events: { ...events, list } };
  });
}

/** The error of the first trajectory that failed, if there is one. For numbers that are known. */
export function failureOf(solved: End, telling: Telling, again = (): End => solved): SolveError | undefined {
  const status = solved.status.dataSync();
  const lane = status.findIndex((s) => s !== Status.success && s !== Status.eventTerminated);
  if (lane < 0) return undefined;
  const { where = "odeint", paths, advised, doubt, dtMin = 0, ownNorm, save, needed, ended, partial } = telling;
  const name = statusName(status[lane]!) as Exclude<StatusName, "success">;
  const end = again();
  const at = (x: Tensor): number => x.dataSync()[lane]!;
  const [t, h, rejected] = [at(end.t), at(end.h), at(end.rejected)];
  const accepted = at(end.steps) - rejected;
  const who = status.length > 1 ? `trajectory ${lane}: ` : "";
  const worst = worstComponent(end, paths, lane, status.length);
  const remedy = ended
    ? "raise timeLimit, or loosen rtol and atol"
    : name === "nonFinite" && advised
      ? advised.text
      : remedies[name];
  const floor =
    name === "stepUnderflow" && dtMin > 0 ? `steps may be no shorter than dtMin = ${dtMin}: lower it; else ` : "";
  const sizes =
    name === "stepUnderflow" && ownNorm
      ? "the controller's norm may be negative or NaN: it gives sizes of errors, 0 or positive; else "
      : "";
  const count = name === "maxStepsReached" && needed ? `${needed} steps of this length are needed: ` : "";
  return new SolveError(
    name,
    `${where}: ${who}${name}${ended ? `: ${ended}` : often(end, name, lane, save)} at t = ${t}${steps(h, accepted, rejected)}` +
      `${worst.text}; ${doubt && accepted === 0 ? `${doubt}; else ` : ""}${floor}${sizes}${count}${remedy}`,
    { t, h, component: worst.name, accepted, rejected, ...(partial && { solution: partial() }) },
  );
}

/** The step that was to be next, and those before. */
const steps = (h: number, accepted: number, rejected: number): string =>
  accepted + rejected === 0 && !(Math.abs(h) > 0)
    ? " before the first step"
    : ` with step ${h} after ${accepted} accepted and ${rejected} rejected steps`;

/** Which event fired too often, or which save is full. */
function often({ events }: End, name: StatusName, lane: number, save: string | undefined): string {
  if (name === "maxSavesReached") return `: ${save} is full`;
  if (!events || name !== "maxEventsReached") return "";
  const maxEvents = events.list[0]!.t.shape[0]!;
  const slot = events.counts.findIndex((n) => n.dataSync()[lane]! > maxEvents);
  return `: events[${slot}] fired more than maxEvents = ${maxEvents} times,`;
}

/** The component that is not finite, or moves most within a step in proportion to its size. */
function worstComponent(
  { y, derivative, h }: End,
  paths: readonly string[],
  lane: number,
  lanes: number,
): { readonly name: string; readonly text: string } {
  const step = h.dataSync()[lane]!;
  let worst = { size: -1, name: "", text: "" };
  y.forEach((leaf, k) => {
    const size = leaf.size / lanes;
    const values = leaf.dataSync().subarray(lane * size, (lane + 1) * size);
    const slopes = derivative[k]?.dataSync().subarray(lane * size, (lane + 1) * size);
    values.forEach((value, i) => {
      const slope = slopes?.[i] ?? 0;
      // Before the first step there may be none that is finite.
      const moved = Math.abs((slope * (Number.isFinite(step) && step !== 0 ? step : 1)) / (Math.abs(value) + 1e-12));
      const rank = Number.isFinite(value) && Number.isFinite(slope) ? moved : Infinity;
      if (rank <= worst.size) return;
      const place = leaf.ndim === (lanes > 1 ? 1 : 0) ? "" : `[${i}]`;
      const name = `y${paths[k] ?? ""}${place}`;
      worst = { size: rank, name, text: `, ${name} = ${value}${slopes ? ` with derivative ${slope}` : ""}` };
    });
  });
  return worst;
}
