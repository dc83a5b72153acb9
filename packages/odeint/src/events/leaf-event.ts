import { jvp } from "@dzdt/autograd";
import {
  cast,
  DTypeError,
  isFloat,
  type Target,
  printShape,
  sameShape,
  ShapeError,
  Tensor,
  tree,
  type Tree,
} from "@dzdt/tensor";
import { realOf, type StateType, traced } from "../vectorField";
import type { EventCondition, EventDirection, SolveEvent } from "./event";
import type { Method } from "../step";
import type { EventMachinery } from "./machinery";

type OfState = (t: Tensor, y: readonly Tensor[]) => Tensor;
type Slope = (t: Tensor, y: readonly Tensor[]) => Tensor[];

/** What makes an event fire: a condition or preset times, as functions and values of the loop. */
export interface Trigger {
  /** The event's place in the list that was given. */
  readonly slot: number;
  /** A scalar in the dtype of times: a real condition, or ±1 for a bool one. */
  readonly value: OfState | undefined;
  /** Is the value differentiable? */
  readonly smooth: boolean;
  readonly direction: EventDirection;
  readonly terminal: boolean;
  readonly reset: Slope | undefined;
  /** Preset times. */
  readonly times: Tensor | undefined;
}

/** Events of a solve. */
export interface Events {
  readonly triggers: readonly Trigger[];
  /** How many events were given. */
  readonly slots: number;
  readonly maxEvents: number;
  readonly machinery: EventMachinery;
  /** Is it to be known afterwards in which order outputs and events came? */
  readonly logged?: boolean;
  /** And with what the step before each event ended? */
  readonly kept?: boolean;
}

/** Events as they were given, checked and with their times read. */
export interface GivenEvents {
  readonly list: readonly { readonly event: SolveEvent; readonly times: Tensor | undefined }[];
  readonly maxEvents: number;
  readonly machinery: EventMachinery;
}

/** @throws TypeError, RangeError for a list that is none */
export function readEvents(
  where: string,
  events: unknown,
  maxEvents: number | undefined,
  target: Target,
): GivenEvents | undefined {
  if (maxEvents !== undefined && !(Number.isInteger(maxEvents) && maxEvents > 0))
    throw new RangeError(`${where}: maxEvents is ${String(maxEvents)}; give a positive integer`);
  if (events === undefined) return undefined;
  if (!Array.isArray(events))
    throw new TypeError(`${where}: events is of type ${typeof events}, no array; give an array of event(…)`);
  const list = events as readonly SolveEvent[];
  const strange = list.findIndex((one: Partial<SolveEvent> | null | undefined) => one?.kind !== "event");
  if (strange >= 0)
    throw new TypeError(
      `${where}: events[${strange}] is no event; make it with event(condition, options) or peak(observable)`,
    );
  return list[0]?.machinery.read(list, maxEvents, target);
}

/** Records the functions of events. To be called while tracing, outside of rules: numbers in them are inputs of the program. */
export function tracedEvents(
  given: GivenEvents,
  { slope, consistent }: Pick<Method, "slope" | "consistent">,
  state: StateType,
  args: unknown,
): Events {
  const { list, maxEvents, machinery } = given;
  const triggers = list.flatMap(({ event, times }, slot): Trigger[] => {
    const { terminal } = event;
    const change = event.reset && tracedReset(event.reset, slot, state, args);
    const reset = change && consistent ? (t: Tensor, y: readonly Tensor[]) => consistent(t, change(t, y)) : change;
    const rest = { slot, terminal, reset };
    const none = { value: undefined, smooth: false, direction: "both" } as const;
    return [
      ...(event.condition ? [{ ...rest, ...tracedCondition(event, slot, slope, state, args), times: undefined }] : []),
      ...(times ? [{ ...rest, ...none, times }] : []),
    ];
  });
  return { triggers, slots: list.length, maxEvents, machinery };
}

function tracedCondition(
  event: SolveEvent,
  slot: number,
  slope: Slope,
  state: StateType,
  args: unknown,
): Pick<Trigger, "value" | "smooth" | "direction"> {
  const real = realOf(state);
  const condition = event.condition as EventCondition<unknown, unknown>;
  let smooth = true;
  const given = (t: Tensor, y: readonly Tensor[]): Tensor => {
    const x = scalarOf(condition(t, tree.unflatten(state.structure, y), args), slot, real, t.target);
    smooth = x.dtype !== "bool";
    if (smooth) return x;
    if (event.derivative) throw new DTypeError(`peak: the observable of events[${slot}] is bool; give a real one`);
    return cast(x, real).mul(2).sub(1);
  };
  const along = (t: Tensor, y: readonly Tensor[]): Tensor =>
    jvp((s: Tensor, x: readonly Tensor[]) => given(s, x), [t, y], [t.mul(0).add(1), slope(t, y)])[1];
  const run = traced("condition", (t, ...y) => [(event.derivative ? along : given)(t, y)], [
    { dtype: real, shape: [] },
    ...state.leaves,
  ]);
  return {
    value: (t, y) => cast(run([cast(t, real), ...y])[0]!, t.dtype),
    smooth,
    direction: event.direction ?? (smooth ? "both" : "up"),
  };
}

function scalarOf(returned: unknown, slot: number, real: "float32" | "float64", target: Target): Tensor {
  const where = `event: the condition of events[${slot}]`;
  if (!(returned instanceof Tensor) && typeof returned !== "number" && typeof returned !== "boolean")
    throw new TypeError(
      `${where} returned ${returned === null ? "null" : typeof returned}; return a real or bool scalar`,
    );
  const x =
    returned instanceof Tensor
      ? returned
      : Tensor.scalar(Number(returned), typeof returned === "boolean" ? "bool" : real, target);
  if (x.ndim > 0)
    throw new ShapeError(
      `${where} returned shape ${printShape(x.shape)}; return a scalar: pick a component, or give one event for each`,
    );
  if (x.dtype !== "bool" && !isFloat(x.dtype))
    throw new DTypeError(
      `${where} returned ${x.dtype}; return a real scalar, whose roots are found, or compare it to make a bool`,
    );
  return x;
}

function tracedReset(reset: NonNullable<SolveEvent["reset"]>, slot: number, state: StateType, args: unknown): Slope {
  const real = realOf(state);
  const apply = reset as (t: Tensor, y: unknown, args: unknown) => Tree;
  const run = traced(
    "reset",
    (t, ...y) => {
      const next = apply(t, tree.unflatten(state.structure, y), args);
      return stateLeaves(`event: the reset of events[${slot}]`, next, state, t.target);
    },
    [{ dtype: real, shape: [] }, ...state.leaves],
  );
  return (t, y) => run([cast(t, real), ...y]);
}

/** What a reset returned as leaves of the state's types. @throws ShapeError, DTypeError when it is something else */
function stateLeaves(where: string, returned: Tree, state: StateType, target: Target): Tensor[] {
  const next = tree.flatten(returned);
  tree.checkStructure(where, state.structure, next.structure);
  return state.leaves.map(({ dtype, shape }, k) => {
    const leaf = next.leaves[k]!;
    const x = leaf instanceof Tensor ? leaf : Tensor.scalar(Number(leaf), dtype, target);
    const at = state.paths[k]! && ` at y${state.paths[k]}`;
    if (!sameShape(x.shape, shape))
      throw new ShapeError(
        `${where} returned ${printShape(x.shape)} for a state of shape ${printShape(shape)}${at}; return a state like y`,
      );
    if (!isFloat(x.dtype) || (x.dtype === "float64" && dtype === "float32" && !x.weak))
      throw new DTypeError(`${where} returned ${x.dtype} for a ${dtype} state${at}; cast it to ${dtype}`);
    return cast(x, dtype);
  });
}
