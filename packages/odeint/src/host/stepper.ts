import { sameShape, type Storage, type Target, Tensor, tree, type Tree } from "@dzdt/tensor";
import type { Request } from "../solve";
import { failureOf } from "../failures";
import { type Advice, type End, type SolveError, Status, type StatusName, statusName } from "../status";
import { givenState } from "./given-state";
import { gridStep } from "./grid-step";
import type { Place } from "./place";
import { float64, int32, tensorsOf, valuesOf } from "./program";
import { type StepParts, stepParts } from "./step-parts";

/** An event that a step came upon. */
export interface StepEvent<Y> {
  /** Its place in `options.events`. */
  readonly index: number;
  readonly t: number;
  /** The state then, before any reset. */
  readonly y: Y;
}

/** What a step came to. */
export interface Stepped {
  readonly place: Place;
  readonly events: readonly StepEvent<never>[];
}

/** Farther than any time, where differences are still numbers. */
const far = 1e300;

/** Single steps of a problem, as functions from place to place. */
export class Stepper {
  readonly #request: Request;
  readonly #advice: Advice | undefined;
  readonly #parts: StepParts;
  /** The length of steps, where they are of one length. */
  readonly #dt: number | undefined;
  readonly #zero: Storage;
  /** Counters that begin anew with each iteration, and with each step. */
  readonly #ofIteration: readonly number[];
  readonly #ofStep: readonly number[];

  constructor(request: Request, advice: Advice | undefined) {
    this.#request = request;
    this.#advice = advice;
    this.#dt = request.controller.kind === "constant" ? request.dt!.itemSync() : undefined;
    this.#parts = stepParts(request, this.#dt !== undefined);
    this.#zero = int32(0, request.target);
    const { rejected, evaluations, events } = this.#places;
    this.#ofIteration = [...rejected, ...evaluations, ...events.map((own) => own.evaluations)];
    this.#ofStep = events.flatMap(({ counts }) => counts);
  }

  /** The most attempts of one call. */
  get most(): number {
    return this.#request.maxSteps;
  }

  /** The leaves of a state that a caller gives. */
  given(where: string, y: Tree): Storage[] {
    const { state, target } = this.#request;
    return givenState(where, y, state, target).map(({ storage }) => storage);
  }

  get #places(): StepParts["layout"]["places"] {
    return this.#parts.layout.places;
  }

  #number(carry: readonly Storage[], at: number | undefined): number {
    return at === undefined ? 0 : valuesOf(carry[at], this.#request.target)[0]!;
  }

  /** The state at a place. */
  state<Y>({ carry }: Place): Y {
    return this.#tree(this.leaves(carry));
  }

  /** The leaves of the state in a carry. */
  leaves(carry: readonly Storage[]): Storage[] {
    return this.#places.y.map((k) => carry[k]);
  }

  #tree<Y>(storages: readonly Storage[]): Y {
    const { state, target } = this.#request;
    return tree.unflatten<Y>(state.structure, tensorsOf(storages, state.leaves, target));
  }

  /** The next step as it is planned, with its sign. */
  planned({ carry }: Place, direction: number): number {
    return this.#dt === undefined ? this.#number(carry, this.#places.h) : direction * this.#dt;
  }

  /** Before the first step. @param kept the place that went before: steps go on with its length, counts with its counts */
  begin(t: number, y: readonly Storage[], direction: number, kept?: Place): Place {
    const { target } = this.#request;
    const { first, evaluations } = this.#parts;
    const carry = [...first.run([float64(t, target), time(direction * far, target), ...y])];
    const { h } = this.#places;
    if (kept && this.#number(kept.carry, h) * direction > 0) carry[h] = kept.carry[h];
    const place: Place = {
      t,
      carry,
      before: t,
      dense: carry,
      origin: t,
      passed: 0,
      ended: false,
      accepted: kept?.accepted ?? 0,
      rejected: kept?.rejected ?? 0,
      evaluations: (kept?.evaluations ?? 0) + evaluations.begin,
    };
    this.#check(place);
    return place;
  }

  /**
   * One accepted step, and the events in it.
   * @param stop the time at which it ends at the latest
   * @param most attempts
   * @throws SolveError when there is none
   */
  step(from: Place, direction: number, stop: number | undefined, most: number): Stepped {
    const events: StepEvent<never>[] = [];
    let place: Place = { ...from, carry: this.#cleared(from.carry, this.#ofStep) };
    let attempts = 0;
    while (place.accepted === from.accepted || this.#waiting(place.carry)) {
      const waiting = this.#waiting(place.carry);
      if (!waiting && attempts++ === most) throw this.#failure(place, "maxStepsReached");
      const { next, happened } = this.#iterated(place, direction, stop, waiting);
      this.#check(next);
      place = next;
      if (!waiting) continue;
      events.push(this.#event(happened));
      if (place.ended) break;
    }
    return { place, events };
  }

  /** The state at a time within the last step, which has the place's carry after it. */
  within<Y>({ dense }: Place, t: number): Y {
    return this.#tree(this.#parts.within.run([time(t, this.#request.target), ...dense]));
  }

  /** A carry as tensors, for keeping, and back. @throws TypeError for one of another problem */
  tensors(carry: readonly Storage[]): Tensor[] {
    return tensorsOf(carry, this.#parts.layout.types, this.#request.target);
  }

  storages(where: string, kept: readonly Tensor[]): Storage[] {
    const { types } = this.#parts.layout;
    const { target } = this.#request;
    const fits =
      kept.length === types.length &&
      kept.every((x, k) => x.dtype === types[k]!.dtype && sameShape(x.shape, types[k]!.shape));
    if (!fits)
      throw new TypeError(
        `${where}: the state was saved by an integrator of another problem or solver; give one of the same`,
      );
    for (const x of kept) x.checkUsable(where);
    return kept.map((x) => (x.target === target ? x : x.to(target)).storage);
  }

  /** An event that waits, or an attempt. */
  #iterated(
    place: Place,
    direction: number,
    stop: number | undefined,
    waiting: boolean,
  ): { readonly next: Place; readonly happened: readonly Storage[] } {
    const { target } = this.#request;
    const { next: part, layout, evaluations } = this.#parts;
    const { rejected, status, evaluations: counted, events, t, h } = this.#places;
    const step = this.#dt === undefined ? undefined : gridStep(place, direction * this.#dt, stop);
    const lengths = step ? [float64(step.h, target), float64(step.to, target)] : [];
    const given = this.#cleared(place.carry, this.#ofIteration);
    // An event may be at the stop itself, from where on there is no direction to it.
    const end = waiting || stop === undefined ? direction * far : stop;
    const results = part.run([time(end, target), ...lengths, ...given]);
    const carry = results.slice(0, layout.types.length);
    const ended = this.#number(carry, status);
    const more = this.#number(carry, counted[0]) + this.#number(carry, events[0]?.evaluations);
    const worked = {
      ...place,
      t: this.#number(carry, t),
      carry,
      ended: ended === Status.eventTerminated,
      evaluations: place.evaluations + more + (waiting ? 0 : evaluations.attempt),
    };
    if (waiting) return { next: worked, happened: results.slice(layout.types.length) };
    // Steps of one length are refused only by failing.
    const refused = this.#number(carry, rejected[0]) > 0 || (rejected.length === 0 && ended === Status.nonFinite);
    if (!refused && worked.t === stop && !step && this.#isCut(place, stop, carry)) carry[h] = place.carry[h];
    const next = refused
      ? { ...worked, rejected: place.rejected + 1 }
      : { ...worked, accepted: place.accepted + 1, before: place.t, dense: carry, passed: step?.passed ?? 0 };
    return { next, happened: [] };
  }

  /** A step cut short by a stop says nothing against the one that was planned. */
  #isCut(place: Place, stop: number, carry: readonly Storage[]): boolean {
    const planned = Math.abs(this.#number(place.carry, this.#places.h));
    return Math.abs(stop - place.t) < planned && Math.abs(this.#number(carry, this.#places.h)) < planned;
  }

  #cleared(carry: readonly Storage[], places: readonly number[]): readonly Storage[] {
    if (places.length === 0) return carry;
    const cleared = [...carry];
    for (const k of places) cleared[k] = this.#zero;
    return cleared;
  }

  /** Is there an event that has been found and is still to happen? */
  #waiting(carry: readonly Storage[]): boolean {
    const [events] = this.#places.events;
    return events !== undefined && events.next.some((k) => Number.isFinite(this.#number(carry, k)));
  }

  #event([row, t, ...y]: readonly Storage[]): StepEvent<never> {
    const { events, target } = this.#request;
    const index = Math.floor(valuesOf(row, target)[0]! / events!.maxEvents);
    return Object.freeze({ index, t: valuesOf(t, target)[0]!, y: this.#tree<never>(y) });
  }

  #check(place: Place): void {
    const status = this.#number(place.carry, this.#places.status);
    if (status > 0 && status !== Status.eventTerminated) throw this.#failure(place, statusName(status));
  }

  #failure(place: Place, name: StatusName): SolveError {
    const [carry, { y, memory, h, t }] = [this.tensors(place.carry), this.#places];
    const scalar = (value: number): Tensor => Tensor.scalar(value, "int32", this.#request.target);
    const end: End = {
      status: scalar(Status[name]),
      t: carry[t]!,
      h: carry[h]!,
      y: y.map((k) => carry[k]!),
      derivative: this.#parts.derivative ? memory.slice(0, y.length).map((k) => carry[k]!) : [],
      steps: scalar(place.accepted + place.rejected),
      rejected: scalar(place.rejected),
    };
    const remedies = this.#advice && { nonFinite: this.#advice.text };
    return failureOf(end, { where: "integrator", paths: this.#request.state.paths, remedies })!;
  }
}

const time = (t: number, target: Target): Storage => target.upload(Float64Array.of(t), "float64", [1]);
