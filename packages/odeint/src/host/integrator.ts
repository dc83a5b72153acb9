import { type Storage, type Tensor, type Tensors, type Tree, UnsupportedError } from "@dzdt/tensor";
import { checkOptions } from "../options";
import type { OdeintOptions } from "../odeint";
import { isTraced, prepare } from "../prepare";
import { adviceOf } from "../solver";
import type { StateField, StateLike } from "../vectorField";
import type { Place } from "./place";
import { type StepEvent, Stepper } from "./stepper";
import { whyUnwatched } from "./watch";

/** Options of {@link integrator}: those of `odeint` that concern steps. */
export interface IntegratorOptions<A = undefined> extends Pick<
  OdeintOptions<A>,
  "args" | "solver" | "controller" | "rtol" | "atol" | "dt0" | "jacobian" | "mass" | "events"
> {
  /** Which way time goes. @defaultValue that of the first `advance`; forwards when `step` comes first */
  readonly direction?: 1 | -1;
  /** The most attempts at steps of one call, at most 2^30. @defaultValue 1,000,000 */
  readonly maxSteps?: number;
  /** The most times that each event may fire within one step. @defaultValue 16 */
  readonly maxEvents?: number;
}

/** A step that was taken. */
export interface Step<Y> {
  readonly t: number;
  readonly y: Y;
  /** The events in it, in order of time. */
  readonly events: readonly StepEvent<Y>[];
}

/** Numbers of all steps of an integrator, those before `set` included. */
export interface IntegratorStats {
  readonly steps: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly evaluations: number;
}

/** All that an integrator knows, as a plain tree: made by `save`. */
export interface IntegratorState {
  readonly carry: readonly Tensor[];
  /** The last step, for states within it. */
  readonly dense: readonly Tensor[];
  readonly clock: Omit<Place, "carry" | "dense">;
  readonly direction: 1 | -1 | 0;
  readonly stops: readonly number[];
}

const names: readonly (keyof IntegratorOptions)[] = [
  "args",
  "solver",
  "controller",
  "rtol",
  "atol",
  "dt0",
  "maxSteps",
  "jacobian",
  "mass",
  "events",
  "maxEvents",
  "direction",
];

/**
 * A solve that the host takes step by step: for streams, games, control loops, and debugging. Its steps are those of `odeint`, to the bit. A step costs
 * microseconds, and memory does not grow.
 * @param t0 the time at which the state is y0
 * @throws UnsupportedError for traced values, and on targets other than the CPU's
 * @example
 * const solve = integrator(field, tensor([1, 0]), 0);
 * solve.advance(0.5); // the state at 0.5
 * const { t, y } = solve.step(); // one step on
 */
export function integrator<Y extends StateLike<Y>, A = undefined>(
  field: StateField<Tensors<Y>, A>,
  y0: Y,
  t0: number,
  options: IntegratorOptions<A> = {},
): Integrator<Tensors<Y>> {
  checkOptions("integrator", options, names);
  const { direction, ...rest } = options;
  if (direction !== undefined && direction !== 1 && direction !== -1)
    throw new RangeError(`integrator: direction is ${String(direction)}; give 1 or -1`);
  checkTime("integrator", "t0", t0);
  const { request, leaves, times } = prepare(field, y0, [t0], rest, { where: "integrator" });
  const why = whyUnwatched(request, isTraced(leaves, times));
  if (why) throw new UnsupportedError(`integrator: it takes its steps at once, but ${why}`);
  if (request.controller.kind === "constant" && !request.dt)
    throw new TypeError("integrator: constant() without dt has no step of its own; give constant({ dt })");
  const stepper = new Stepper(request, adviceOf(rest.solver));
  const start = leaves.map(({ storage }) => storage);
  return new Integrator<Tensors<Y>>(stepper, { t0, start, direction: direction ?? 0 });
}

const checkTime = (where: string, name: string, t: unknown): void => {
  if (typeof t !== "number" || !Number.isFinite(t))
    throw new RangeError(`${where}: ${name} is ${String(t)}; give a finite number`);
};

interface Start {
  readonly t0: number;
  readonly start: readonly Storage[];
  readonly direction: 1 | -1 | 0;
}

/** A solve on its way: made by {@link integrator}. A call that throws leaves it as it was. */
export class Integrator<Y> {
  readonly #stepper: Stepper;
  /** 0 until it is known. */
  #direction: 1 | -1 | 0;
  #place: Place;
  /** Those to come, in the order in which they come. */
  #stops: readonly number[] = [];

  /** Internal. */
  constructor(stepper: Stepper, { t0, start, direction }: Start) {
    this.#stepper = stepper;
    this.#direction = direction;
    this.#place = stepper.begin(t0, start, direction || 1);
  }

  get t(): number {
    return this.#place.t;
  }

  /** The next step as it is planned, with its sign. */
  get h(): number {
    return this.#stepper.planned(this.#place, this.#direction || 1);
  }

  get y(): Y {
    return this.#stepper.state(this.#place);
  }

  /** Has a terminal event happened? `set` goes on. */
  get ended(): boolean {
    return this.#place.ended;
  }

  get stats(): IntegratorStats {
    const { accepted, rejected, evaluations } = this.#place;
    return Object.freeze({ steps: accepted + rejected, accepted, rejected, evaluations });
  }

  /**
   * Takes one step, as long as errors allow, and no further than the next stop. An event that resets the state, or ends the solve, ends the step too.
   * @throws SolveError when there is none, RangeError after a terminal event
   */
  step(): Step<Y> {
    const direction = this.#direction || 1;
    this.#checkGoing("step");
    const { place, events } = this.#stepper.step(this.#place, direction, this.#stops[0], this.#stepper.most);
    this.#moveTo(place, direction);
    return Object.freeze({ t: place.t, y: this.#stepper.state<Y>(place), events });
  }

  /**
   * Steps until a time, and ends exactly there; or sooner, at a terminal event. Later steps are as long as they would have been.
   * @returns the state there
   * @throws SolveError when a step fails, RangeError for a time that lies behind, or after a terminal event
   */
  advance(t: number): Y {
    checkTime("advance", "t", t);
    if (t === this.t) return this.y;
    this.#checkGoing("advance");
    const direction = this.#direction || (t < this.t ? -1 : 1);
    this.#checkAhead("advance", t, direction);
    this.#moveTo(this.#ahead(this.#turned(direction), direction, t, t), direction);
    return this.y;
  }

  /**
   * The state at a time from the last step's beginning on, and nothing changes: by the dense output of that step, or of steps that are only tried. It is
   * the state that later steps have there, unless a stop or `advance` cuts them short.
   * @throws SolveError when a step fails, RangeError for times before the last step or behind a terminal event
   */
  peek(t: number): Y {
    checkTime("peek", "t", t);
    const from = this.#place;
    const direction = this.#direction || (t < from.t ? -1 : 1);
    if (direction * (t - from.before) < 0)
      throw new RangeError(
        `peek: t = ${t} lies before ${from.before}, where the last step began; ask within that step, or ahead`,
      );
    const place = t === from.t ? from : this.#ahead(this.#turned(direction), direction, t);
    if (direction * (t - place.t) > 0)
      throw new RangeError(`peek: t = ${t} lies behind ${place.t}, where an event ends the solve`);
    return t === place.t ? this.#stepper.state(place) : this.#stepper.within(place, t);
  }

  /**
   * Goes on from another state, and from another time if one is given: what the method and the controller carry begins anew, the planned step is kept.
   * @throws ShapeError, DTypeError, TypeError for a state of another kind
   */
  set(y: Y, t: number = this.t): void {
    checkTime("set", "t", t);
    const direction = this.#direction || 1;
    this.#moveTo(
      this.#stepper.begin(t, this.#stepper.given("set", y as Tree), direction, this.#place),
      this.#direction,
    );
  }

  /** A later step ends exactly there. @throws RangeError for a time that is not ahead */
  addStop(t: number): void {
    checkTime("addStop", "t", t);
    if (t === this.t) return;
    const direction = this.#direction || (t < this.t ? -1 : 1);
    this.#checkAhead("addStop", t, direction);
    this.#place = this.#turned(direction);
    this.#direction = direction;
    if (!this.#stops.includes(t)) this.#stops = [...this.#stops, t].sort((a, b) => direction * (a - b));
  }

  /** All that the integrator knows: with `restore` on it, or on another of the same problem, steps go on to the bit as from here. */
  save(): IntegratorState {
    const { carry, dense, ...clock } = this.#place;
    return {
      carry: this.#stepper.tensors(carry),
      dense: this.#stepper.tensors(dense),
      clock,
      direction: this.#direction,
      stops: this.#stops,
    };
  }

  /** Goes on from what was saved. @throws TypeError when that is of another problem, or nothing that was saved */
  restore(saved: IntegratorState): void {
    const { carry, dense, clock, direction, stops } = Object(saved) as Partial<IntegratorState>;
    if (!carry || !dense || !clock || direction === undefined || !stops)
      throw new TypeError("restore: this is no state of an integrator; give what save() returned");
    const kept = this.#stepper.storages("restore", carry);
    this.#place = { ...clock, carry: kept, dense: this.#stepper.storages("restore", dense) };
    this.#direction = direction;
    this.#stops = stops;
  }

  /** Steps from a place to the first one that is not before `t`, with all stops on the way and one more. */
  #ahead(from: Place, direction: 1 | -1, t: number, own?: number): Place {
    const most = from.accepted + from.rejected + this.#stepper.most;
    let place = from;
    while (direction * (t - place.t) > 0 && !place.ended) {
      const { t: now } = place;
      const stops = own === undefined ? this.#stops : [...this.#stops, own];
      const left = stops.filter((s) => direction * (s - now) > 0).map((s) => direction * s);
      const stop = left.length > 0 ? direction * Math.min(...left) : undefined;
      place = this.#stepper.step(place, direction, stop, most - place.accepted - place.rejected).place;
    }
    return place;
  }

  /** The place, which begins anew where the direction is not the one that it began with. */
  #turned(direction: 1 | -1): Place {
    if (this.#direction !== 0 || direction === 1) return this.#place;
    return this.#stepper.begin(this.t, this.#stepper.leaves(this.#place.carry), direction);
  }

  #moveTo(place: Place, direction: 1 | -1 | 0): void {
    this.#place = place;
    this.#direction = direction;
    if (this.#stops.length > 0) this.#stops = this.#stops.filter((s) => direction * (s - place.t) > 0);
  }

  #checkAhead(where: string, t: number, direction: number): void {
    if (direction * (t - this.t) >= 0) return;
    const way = direction > 0 ? "forwards" : "backwards";
    throw new RangeError(`${where}: t = ${t} lies behind ${this.t}, and time goes ${way}; set a state there first`);
  }

  #checkGoing(where: string): void {
    if (this.ended) throw new RangeError(`${where}: an event ended the solve at t = ${this.t}; set a state to go on`);
  }
}
