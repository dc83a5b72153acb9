import { Tensor, type Tree } from "@dzdt/tensor";
import { checkOptions } from "../options";
import type { Times } from "../saveAt";
import { type EventMachinery, eventMachinery } from "./machinery";

/** Which way a condition goes where it fires: `up` from negative to positive or from false to true, `down` the other way. */
export type EventDirection = "up" | "down" | "both";

/** (t, y, args) → a real scalar, whose roots are the event's times, or a bool scalar, which fires where it turns. */
export type EventCondition<Y, A> = (t: Tensor, y: Y, args: A) => Tensor | number | boolean;

/** Options of {@link event}. */
export interface EventOptions<Y, A> {
  /** Also +1, −1 and 0. @defaultValue "both" for a real condition, "up" for a bool one */
  readonly direction?: EventDirection | 1 | -1 | 0;
  /** Does the solve end there? @defaultValue true without `reset`, else false */
  readonly terminal?: boolean;
  /** (t, y, args) → the state from which the solve goes on, a tree like y. */
  readonly reset?: (t: Tensor, y: Y, args: A) => Tree;
  /** Preset times at which the event fires too; those outside the solve do not. */
  readonly at?: Times;
}

/** Something that happens in the course of a solve: made by `event` and `peak`. */
export interface SolveEvent<Y = never, A = never> {
  readonly kind: "event";
  readonly condition: EventCondition<Y, A> | undefined;
  /** It fires at roots of the condition's derivative along the solution, in place of the condition's own. */
  readonly derivative: boolean;
  readonly direction: EventDirection | undefined;
  readonly terminal: boolean;
  readonly reset: ((t: Tensor, y: Y, args: A) => Tree) | undefined;
  readonly at: Times | undefined;
  /** How solves look for it. Internal. */
  readonly machinery: EventMachinery;
}

const names: readonly string[] = ["direction", "terminal", "reset", "at"];

/**
 * An event of a solve: where a condition crosses zero, or turns if it is a bool, and at preset times. It ends the solve (`terminal`), changes the
 * state (`reset`), or is only recorded (`terminal: false`), see `docs/events.md` for the rules.
 * @param condition traced once, like a field; leave it out, or give undefined, for preset times alone
 * @example event((t, y: Tensor) => y.slice([0], [1]).reshape([]), { direction: "down" }) // ends where y[0] falls through 0
 * @example event({ at: [0, 6, 12], reset: (t, y: Tensor) => y.add(2.5) }) // doses
 * @throws TypeError for options that are none, or an event that could never fire
 */
export function event<Y = Tensor, A = undefined>(
  condition: EventCondition<Y, A> | undefined,
  options?: EventOptions<Y, A>,
): SolveEvent<Y, A>;
export function event<Y = Tensor, A = undefined>(
  options: EventOptions<Y, A> & { readonly at: Times },
): SolveEvent<Y, A>;
export function event<Y = Tensor, A = undefined>(
  first: EventCondition<Y, A> | EventOptions<Y, A> | null | undefined,
  second?: EventOptions<Y, A>,
): SolveEvent<Y, A> {
  const alone = second === undefined && typeof first === "object" && first !== null;
  const condition = alone ? undefined : ((first ?? undefined) as EventCondition<Y, A> | undefined);
  return makeEvent("event", condition, alone ? first : (second ?? {}), { derivative: false });
}

/** An event from its parts, checked. */
export function makeEvent<Y, A>(
  where: string,
  condition: EventCondition<Y, A> | undefined,
  options: EventOptions<Y, A>,
  { derivative }: { readonly derivative: boolean },
): SolveEvent<Y, A> {
  checkOptions(where, options, names);
  const { reset, at, terminal = reset === undefined } = options;
  if (condition !== undefined && typeof condition !== "function")
    throw new TypeError(`${where}: the condition is ${String(condition)}; give a function (t, y, args) => scalar`);
  if (condition === undefined && at === undefined)
    throw new TypeError(`${where}: there is neither a condition nor preset times; give one of them`);
  if (reset !== undefined && typeof reset !== "function")
    throw new TypeError(`${where}: reset is ${String(reset)}; give a function (t, y, args) => state`);
  if (typeof terminal !== "boolean")
    throw new TypeError(`${where}: terminal is ${String(terminal)}; give true or false`);
  if (at !== undefined && !Array.isArray(at) && !ArrayBuffer.isView(at) && !(at instanceof Tensor))
    throw new TypeError(`${where}: at is ${String(at)}; give an array or a tensor of times`);
  const direction = readDirection(where, options.direction);
  return Object.freeze<SolveEvent<Y, A>>({
    kind: "event",
    condition,
    derivative,
    direction,
    terminal,
    reset,
    at,
    machinery: eventMachinery,
  });
}

function readDirection(where: string, given: unknown): EventDirection | undefined {
  if (given === undefined) return undefined;
  const found = (["up", "down", "both"] as const).find(
    (name, k) => given === name || (typeof given === "number" && given === [1, -1, 0][k]),
  );
  if (!found)
    throw new TypeError(`${where}: direction is ${JSON.stringify(given)}; give "up", "down" or "both" (or 1, -1, 0)`);
  return found;
}
